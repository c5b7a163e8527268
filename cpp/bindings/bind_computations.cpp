#include "computations.hpp"

#include <pybind11/numpy.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace jetmlp::bindings {

namespace {

using Clock = std::chrono::steady_clock;

// How long the end of the interpreter waits: for callbacks, which may do anything, and for the
// core, which looks every 20 ms.
constexpr std::chrono::milliseconds longest_wait_for_callbacks{500};
constexpr std::chrono::seconds longest_wait{10};

// Atomic counts and no mutex: a fork leaves no lock behind that nobody will open.
std::atomic<int> n_computations{0};
std::atomic<int> n_in_python{0};  // of these, at work in a callback
std::atomic<bool> ending{false};
std::atomic<std::thread::id> ended_by{};

// Of this thread, which may compute within a callback.
thread_local int n_computations_here = 0;
thread_local int n_in_python_here = 0;

[[noreturn]] void sleep_for_ever() {
    while (true) {
        std::this_thread::sleep_for(std::chrono::hours(1));
    }
}

// What calls Python stands in functions without anything to destroy, since pthread_exit would
// destroy it on its way to the handler. That must never be left: it could not be thrown on.
template <class Call>
auto call_or_sleep(const Call& call) {
    try {
        return call();
    } catch (...) {
        sleep_for_ever();
    }
}

// From the end of the interpreter, registered with atexit: with Python's lock, once the threads
// that Python waits for have ended.
void end_computations() {
    ended_by = std::this_thread::get_id();
    ending = true;
    const auto begin = Clock::now();
    const LockReleased released;
    for (int left = n_computations; left > n_computations_here; left = n_computations) {
        const bool all_in_python = left - n_in_python <= n_computations_here - n_in_python_here;
        const auto waited = Clock::now() - begin;
        if (waited > longest_wait || (all_in_python && waited > longest_wait_for_callbacks)) {
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

// In the child of a fork, which has no thread but the one that called it.
void forget_other_threads() {
    n_computations = n_computations_here;
    n_in_python = n_in_python_here;
}

}  // namespace

Computation::Computation() {
    if (interpreter_ending()) {
        const py::object error = end_of_interpreter();
        py::set_error(py::type::of(error), error);
        throw py::error_already_set();
    }
    ++n_computations;
    ++n_computations_here;
}

Computation::~Computation() {
    --n_computations_here;
    --n_computations;
}

LockReleased::LockReleased() : state_(PyEval_SaveThread()) {}

LockReleased::~LockReleased() {
    call_or_sleep([this] { PyEval_RestoreThread(state_); });
}

LockTaken::LockTaken() : state_(call_or_sleep([] { return PyGILState_Ensure(); })) {
    ++n_in_python;
    ++n_in_python_here;
}

LockTaken::~LockTaken() {
    --n_in_python_here;
    --n_in_python;
    PyGILState_Release(state_);
}

py::object call_python(const py::function& function, const py::tuple& arguments) {
    PyObject* const called = function.ptr();
    PyObject* const with = arguments.ptr();
    PyObject* const result =
        call_or_sleep([called, with] { return PyObject_CallObject(called, with); });
    if (result == nullptr) {
        throw py::error_already_set();
    }
    return py::reinterpret_steal<py::object>(result);
}

bool signals_handled() {
    return call_or_sleep([] { return PyErr_CheckSignals(); }) == 0;
}

bool interpreter_ending() {
    return ending.load(std::memory_order_relaxed) &&
           ended_by.load(std::memory_order_relaxed) != std::this_thread::get_id();
}

py::object end_of_interpreter() {
    return py::reinterpret_borrow<py::object>(PyExc_SystemExit)(
        "jetmlp: the interpreter is ending, and ends every computation of its threads");
}

void bind_computations(py::module_& module) {
    module.def("end_computations", &end_computations,
               "End the computations of all other threads, for good.");
    module.def("forget_other_threads", &forget_other_threads,
               "In the child of a fork: this thread is the only one.");
    // For its first array pybind11 gives Python's lock back and takes it again, by itself: so not
    // in a thread that the end of the interpreter may find there.
    static_cast<void>(py::array_t<double>(0));
    py::module_::import("atexit").attr("register")(module.attr("end_computations"));
    const py::module_ os = py::module_::import("os");
    if (py::hasattr(os, "register_at_fork")) {  // not on Windows
        os.attr("register_at_fork")(py::arg("after_in_child") =
                                        module.attr("forget_other_threads"));
    }
}

}  // namespace jetmlp::bindings
