// The one place where pybind11 comes in, and what the bindings share.
#pragma once

#include "computations.hpp"

#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>
#include <jetmlp/optim/evidence.hpp>
#include <jetmlp/optim/state.hpp>

#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace jetmlp::bindings {

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
    // Notes that the interpreter is ending. Needs the GIL.
    void keep_end_of_interpreter() { error_ = end_of_interpreter(); }
    // Notes that memory has run out. Needs the GIL.
    void keep_out_of_memory();
    // Raises what is pending; where nothing is, that the interpreter is ending. Needs the GIL.
    [[noreturn]] void raise() const;

  private:
    py::object error_;
};

// compute(execution) on this many threads without the GIL, until it is done or the caller wants the
// end: a signal handler (Ctrl-C) has raised, the interpreter is ending, or end_wanted() says so.
// What was raised is kept in `pending` and `compute` sees jetmlp::Interrupted; where the GIL is
// needed meanwhile, take it.
template <class Compute>
auto run_interruptibly(
    PendingError& pending, int n_threads, const Compute& compute,
    const std::function<bool()>& end_wanted = [] { return false; }) {
    const Computation computation;
    const LockReleased released;  // from here on nothing touches Python
    Execution execution(
        n_threads, [&] { return interpreter_ending() || end_wanted() || pending.signal_raised(); });
    return compute(execution);
}

// The same for a computation whose result is of no use once it was interrupted: raises what ended
// it. Exceptions of the core become Python's on the way out, by pybind11.
template <class Compute>
auto run_interruptibly(int n_threads, const Compute& compute) {
    PendingError pending;
    try {
        return run_interruptibly(pending, n_threads, compute);
    } catch (const Interrupted&) {
        pending.raise();
    }
}

// What a report says by name. Needs the GIL.
py::dict to_dict(const EvidenceReport& report);

// A state as arrays by name, and back. Throws std::invalid_argument for anything but C-contiguous
// one-dimensional arrays of uint64, float32 and float64. Need the GIL.
py::dict to_dict(const State& state);
State to_state(const py::dict& arrays);

py::tuple to_tuple(std::span<const std::string_view> names);

// Throws std::invalid_argument unless an array has as many numbers as expected.
void expect_length(const char* argument, py::ssize_t length, Index expected);

void bind_activation(py::module_& module);
void bind_architecture(py::module_& module);
void bind_evidence(py::module_& module);
void bind_files(py::module_& module);
void bind_objective(py::module_& module);
void bind_optimizers(py::module_& module);
void bind_predict(py::module_& module);
void bind_predictor(py::module_& module);
void bind_second_derivatives(py::module_& module);
void bind_random(py::module_& module);
void bind_residuals(py::module_& module);
void bind_trainer(py::module_& module);

}  // namespace jetmlp::bindings
