#include "bindings.hpp"

#include <stdexcept>
#include <string>

namespace jetmlp::bindings {

bool PendingError::signal_raised() {
    const py::gil_scoped_acquire gil;
    if (PyErr_CheckSignals() != 0) {
        keep(py::error_already_set());
    }
    return any();
}

void PendingError::keep(const py::error_already_set& error) {
    error_ = error.value();
    if (error.trace()) {
        PyException_SetTraceback(error_.ptr(), error.trace().ptr());
    }
}

void PendingError::raise() const {
    py::set_error(py::type::of(error_), error_);
    throw py::error_already_set();
}

py::tuple to_tuple(std::span<const std::string_view> names) {
    py::tuple result(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        result[i] = py::str(names[i].data(), names[i].size());
    }
    return result;
}

void expect_length(const char* argument, py::ssize_t length, Index expected) {
    if (length != expected) {
        throw std::invalid_argument(std::string(argument) + ": expected " +
                                    std::to_string(expected) + " numbers, got " +
                                    std::to_string(length));
    }
}

}  // namespace jetmlp::bindings
