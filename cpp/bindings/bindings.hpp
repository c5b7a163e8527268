// The one place where pybind11 comes in, and what the bindings share.
#pragma once

#include <jetmlp/machine/types.hpp>

#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <vector>

namespace jetmlp::bindings {

namespace py = pybind11;

// C-contiguous NumPy arrays of exactly this type: the Python side has converted and checked them.
template <class T>
using Array = py::array_t<T, py::array::c_style>;

// What Python raised while the core ran, kept to be raised again when the core has come to rest.
class PendingError {
  public:
    // True if a signal handler (Ctrl-C) has raised. Takes the GIL.
    bool signal_raised();
    void keep(const py::error_already_set& error);
    [[nodiscard]] bool any() const { return static_cast<bool>(error_); }
    [[nodiscard]] py::object error() const { return error_ ? error_ : py::none(); }
    // Raises what is pending. Needs the GIL.
    void raise() const;

  private:
    py::object error_;
};

void expect_length(const char* argument, py::ssize_t length, Index expected);

void bind_activation(py::module_& module);
void bind_architecture(py::module_& module);
void bind_objective(py::module_& module);
void bind_optimizers(py::module_& module);
void bind_predict(py::module_& module);
void bind_second_derivatives(py::module_& module);
void bind_random(py::module_& module);
void bind_trainer(py::module_& module);

}  // namespace jetmlp::bindings
