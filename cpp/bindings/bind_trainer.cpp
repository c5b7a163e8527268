#include "bindings.hpp"
#include "called_elsewhere.hpp"

#include <jetmlp/optim/chain.hpp>
#include <jetmlp/optim/evidence.hpp>
#include <jetmlp/optim/trainer.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>
#include <utility>
#include <variant>
#include <vector>

namespace jetmlp::bindings {

namespace {

// Set from one thread to end the fits of others.
class StopFlag {
  public:
    void set() { wanted_.store(true, std::memory_order_relaxed); }
    [[nodiscard]] bool wanted() const { return wanted_.load(std::memory_order_relaxed); }

  private:
    std::atomic<bool> wanted_{false};
};

// Millions of parameters take long to copy: some of them between two looks for signals.
constexpr std::size_t numbers_of_a_part = std::size_t{1} << 18;

template <class T>
Array<T> to_array(const std::vector<T>& numbers) {
    Array<T> array(static_cast<py::ssize_t>(numbers.size()));
    T* const to = array.mutable_data();
    for (std::size_t first = 0; first < numbers.size(); first += numbers_of_a_part) {
        if (first > 0 && !signals_handled()) {
            throw py::error_already_set();
        }
        const std::size_t count = std::min(numbers_of_a_part, numbers.size() - first);
        std::copy_n(numbers.data() + first, count, to + first);
    }
    return array;
}

// The array owns the numbers with whoever else does: nothing is copied, and little allocated.
template <class T>
Array<T> to_array_of(const std::shared_ptr<std::vector<T>>& numbers) {
    using Shared = std::shared_ptr<std::vector<T>>;
    auto owned = std::make_unique<Shared>(numbers);
    const py::capsule owner(owned.get(), [](void* shared) { delete static_cast<Shared*>(shared); });
    static_cast<void>(owned.release());
    return Array<T>(static_cast<py::ssize_t>(numbers->size()), numbers->data(), owner);
}

template <class T>
std::vector<T> copy_in_parts(const T* from, std::size_t count) {
    std::vector<T> numbers;
    numbers.reserve(count);
    for (std::size_t first = 0; first < count; first += numbers_of_a_part) {
        poll_here();
        numbers.insert(numbers.end(), from + first,
                       from + std::min(first + numbers_of_a_part, count));
    }
    return numbers;
}

Array<double> to_table(const std::vector<EpochRecord>& records) {
    Array<double> table({records.size(), n_history_columns});
    double* to = table.mutable_data();
    for (const EpochRecord& record : records) {
        to = std::ranges::copy(history_row(record), to).out;
    }
    return table;
}

// A number, or a function of the epoch. Where that raises, the fit ends as if interrupted before
// the epoch, and the caller is told the error.
LearningRate rate_of(const std::variant<double, py::function>& rate, PendingError& pending) {
    if (const double* const constant = std::get_if<double>(&rate)) {
        return [number = *constant](std::uint64_t) { return number; };
    }
    return [&function = std::get<py::function>(rate), &pending](std::uint64_t epoch) {
        const LockTaken lock;
        try {
            return call_python(function, py::make_tuple(epoch)).template cast<double>();
        } catch (const py::error_already_set& error) {
            pending.keep(error);
            throw Interrupted();
        }
    };
}

// Returns (parameters, table of records, the word for how it ended, pending exception or None): the
// caller keeps the first two whatever the others say.
template <class T>
py::tuple fit(Trainer<T>& self, Objective<T>& training, Objective<T>* validation,
              std::uint64_t n_epochs, const std::variant<double, py::function>& learning_rate,
              const Array<T>& parameters, Index patience, double min_delta, bool restore_best,
              int n_threads, const std::optional<py::function>& hook, const StopFlag* stop) {
    const Computation computation;  // until the results are Python's
    expect_length("parameters", parameters.size(), training.architecture().n_parameters());
    const T* const start = parameters.data();
    const auto n_parameters = static_cast<std::size_t>(parameters.size());
    const auto numbers = std::make_shared<std::vector<T>>();
    PendingError pending;
    FitRequest<T> request{
        n_epochs, rate_of(learning_rate, pending), {patience, min_delta, restore_best}, {}};
    std::vector<EpochRecord> records;
    if (hook) {
        request.hook = [&](const EpochRecord& record, const std::vector<T>& current) {
            const LockTaken lock;
            try {
                const py::tuple arguments = py::make_tuple(to_table({record}), to_array(current));
                return call_python(*hook, arguments).template cast<bool>();
            } catch (const py::error_already_set& error) {
                pending.keep(error);
                if (error.matches(PyExc_KeyboardInterrupt)) {
                    throw Interrupted();  // Ctrl-C happened to come while Python was at work
                }
                return true;
            }
        };
    }
    // One release of Python's lock per fit; only hook and rate come back.
    FitEnd end = FitEnd::interrupted;
    try {
        end = run_interruptibly(
            pending, n_threads,
            [&](Execution& execution) {
                *numbers = copy_in_parts(start, n_parameters);
                return self.fit(training, validation, request, *numbers, records, execution);
            },
            [stop] { return stop != nullptr && stop->wanted(); });
    } catch (const Interrupted&) {     // before the fit began
    } catch (const std::bad_alloc&) {  // parameters and records are whole, as with Ctrl-C
        pending.keep_out_of_memory();
    }
    for (const Objective<T>* const objective :
         std::initializer_list<const Objective<T>*>{&training, validation}) {
        PendingError elsewhere = pending_elsewhere(objective);
        if (!pending.any() && elsewhere.any()) {
            pending = std::move(elsewhere);
        }
    }
    // A Ctrl-C since the last look, or of a fit shorter than the time between two looks: raised by
    // the interpreter before the caller had a name for the result, it would cost the whole fit.
    if (!pending.any()) {
        pending.signal_raised();
    }
    if (!pending.any() && end == FitEnd::interrupted && interpreter_ending()) {
        pending.keep_end_of_interpreter();
    }
    const auto result = [&] {
        const Array<T> last = numbers->empty() ? parameters : to_array_of(numbers);
        return py::make_tuple(last, to_table(records), name_of(end), pending.error());
    };
    try {
        return result();
    } catch (const std::bad_alloc&) {  // once more: a result that was lost would be a fit lost
        pending.keep_out_of_memory();
        return result();
    }
}

// What the evidence says of parameters; None where another optimizer is at work. The objective of
// the last fit has to be there still.
py::object evidence_report(Trainer<double>& self, const Array<double>& parameters, int n_threads) {
    const Computation computation;
    Optimizer<double>* optimizer = &self.optimizer();
    if (auto* const chain = dynamic_cast<Chain<double>*>(optimizer)) {
        optimizer = &chain->working();
    }
    auto* const evidence = dynamic_cast<Evidence*>(optimizer);
    if (evidence == nullptr || !evidence->begun()) {
        return py::none();
    }
    const std::vector<double> numbers(parameters.data(), parameters.data() + parameters.size());
    return to_dict(run_interruptibly(n_threads, [&](Execution& execution) {
        return evidence->report_at(numbers, false, execution);
    }));
}

template <class T>
py::class_<Trainer<T>> bind_trainer_of(py::module_& module, const char* name) {
    return py::class_<Trainer<T>>(module, name, "Optimizer state and epoch count of a fit.")
        .def(py::init([](const OptimizerOptions& optimizer, Index n_parameters, Index batch_size,
                         bool shuffle, std::uint64_t seed) {
                 return run_interruptibly(1, [&](Execution& /*execution*/) {
                     return std::make_unique<Trainer<T>>(optimizer.make<T>(n_parameters),
                                                         TrainerOptions{batch_size, shuffle, seed});
                 });
             }),
             py::arg("optimizer"), py::arg("n_parameters"), py::arg("batch_size"),
             py::arg("shuffle"), py::arg("seed"))
        .def_property_readonly("n_epochs", &Trainer<T>::n_epochs)
        .def("workspace_bytes", &Trainer<T>::workspace_bytes, py::arg("training"),
             py::arg("n_threads"), "About how many bytes a fit allocates.")
        .def("check", &Trainer<T>::check, py::arg("training"),
             "Raise a ValueError if the optimizer cannot work on the objective.")
        .def(
            "state",
            [](Trainer<T>& self, Index n_parameters) { return to_dict(self.state(n_parameters)); },
            py::arg("n_parameters"),
            "Everything a fit goes on with, between fits or in the hook of one.")
        .def(
            "restore",
            [](Trainer<T>& self, const py::dict& state, Index n_parameters) {
                self.restore(to_state(state), n_parameters);
            },
            py::arg("state"), py::arg("n_parameters"),
            "Take over a state, as new; raise a ValueError if it is none of such a trainer.")
        .def("fit", &fit<T>, py::arg("training"), py::arg("validation").none(true),
             py::arg("n_epochs"), py::arg("learning_rate"), py::arg("parameters").noconvert(),
             py::arg("patience"), py::arg("min_delta"), py::arg("restore_best"),
             py::arg("n_threads"), py::arg("hook"), py::arg("stop").none(true));
}

}  // namespace

void bind_trainer(py::module_& module) {
    module.attr("HISTORY_COLUMNS") = py::tuple(py::cast(history_columns()));
    module.attr("FIT_ENDS") = py::tuple(py::cast(fit_end_names));
    py::class_<StopFlag>(module, "StopFlag", "Ends the fits it was given to.")
        .def(py::init<>())
        .def("set", &StopFlag::set);
    bind_trainer_of<float>(module, "Trainer32");
    bind_trainer_of<double>(module, "Trainer64")
        .def("evidence", &evidence_report, py::arg("parameters").noconvert(), py::arg("n_threads"));
}

}  // namespace jetmlp::bindings
