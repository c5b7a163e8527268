#include "bindings.hpp"

#include <stdexcept>
#include <string>

namespace jetmlp::bindings {

bool PendingError::signal_raised() {
    const LockTaken lock;
    if (!signals_handled()) {
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

void PendingError::keep_out_of_memory() {
    error_ = py::reinterpret_borrow<py::object>(PyExc_MemoryError)(
        "memory has run out; what was computed before is kept");
}

void PendingError::raise() const {
    const py::object error = error_ ? error_ : end_of_interpreter();
    py::set_error(py::type::of(error), error);
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

py::dict to_dict(const State& state) {
    py::dict arrays;
    for (const auto& [name, numbers] : state) {
        arrays[py::str(name)] = std::visit(
            [](const auto& found) -> py::object {
                using Number = typename std::decay_t<decltype(found)>::value_type;
                return Array<Number>(static_cast<py::ssize_t>(found.size()), found.data());
            },
            numbers);
    }
    return arrays;
}

namespace {

template <class Number>
bool take(State& state, const std::string& name, const py::handle& value) {
    if (!py::isinstance<Array<Number>>(value)) {
        return false;
    }
    const auto array = py::reinterpret_borrow<Array<Number>>(value);
    if (array.ndim() != 1) {
        return false;
    }
    state.emplace(name, std::vector<Number>(array.data(), array.data() + array.size()));
    return true;
}

}  // namespace

State to_state(const py::dict& arrays) {
    State state;
    for (const auto& [key, value] : arrays) {
        const auto name = key.cast<std::string>();
        if (!take<std::uint64_t>(state, name, value) && !take<float>(state, name, value) &&
            !take<double>(state, name, value)) {
            throw std::invalid_argument(name + ": expected one axis of uint64, float32 or float64");
        }
    }
    return state;
}

}  // namespace jetmlp::bindings
