// Python's lock, given back while the core computes, and the end of the interpreter, which stops
// every computation first.
//
// Before Python 3.14 a thread that asks for the lock once the interpreter is being finalized is
// ended on the spot by pthread_exit, which with glibc unwinds its stack: through a destructor, that
// is std::terminate. Here such a thread sleeps instead until the process is gone, as Python 3.14
// lets it.
#pragma once

#include <pybind11/pybind11.h>

namespace jetmlp::bindings {

namespace py = pybind11;

// A call of the core that computes without Python's lock, from before it is given back until after
// it is taken again. Raises SystemExit where the interpreter is ending.
class Computation {
  public:
    Computation();
    ~Computation();
    Computation(const Computation&) = delete;
    Computation& operator=(const Computation&) = delete;
};

// Python's lock is given back here, and taken again at the end.
class LockReleased {
  public:
    LockReleased();
    ~LockReleased();
    LockReleased(const LockReleased&) = delete;
    LockReleased& operator=(const LockReleased&) = delete;

  private:
    PyThreadState* state_;
};

// Python's lock is taken here, within a computation, and given back at the end.
class LockTaken {
  public:
    LockTaken();
    ~LockTaken();
    LockTaken(const LockTaken&) = delete;
    LockTaken& operator=(const LockTaken&) = delete;

  private:
    PyGILState_STATE state_;
};

// Calls a function of Python's, within a computation.
py::object call_python(const py::function& function, const py::tuple& arguments);

// Runs what Python has to do for signals; false if a handler has raised.
bool signals_handled();

// Whether the interpreter ends, and by another thread than this one: what it still calls itself, in
// functions registered with atexit, is computed.
bool interpreter_ending();

// What ends a thread at that time: Python's threads take it for their regular end.
py::object end_of_interpreter();

void bind_computations(py::module_& module);

}  // namespace jetmlp::bindings
