#include "bindings.hpp"

#include <jetmlp/optim/chain.hpp>
#include <jetmlp/optim/evidence.hpp>
#include <jetmlp/optim/trainer.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
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

template <class T>
Array<T> to_array(const std::vector<T>& numbers) {
    return Array<T>(static_cast<py::ssize_t>(numbers.size()), numbers.data());
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
        const py::gil_scoped_acquire gil;
        try {
            return function(epoch).template cast<double>();
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
    expect_length("parameters", parameters.size(), training.architecture().n_parameters());
    std::vector<T> numbers(parameters.data(), parameters.data() + parameters.size());
    PendingError pending;
    FitRequest<T> request{
        n_epochs, rate_of(learning_rate, pending), {patience, min_delta, restore_best}, {}};
    std::vector<EpochRecord> records;
    if (hook) {
        request.hook = [&](const EpochRecord& record, const std::vector<T>& current) {
            const py::gil_scoped_acquire gil;
            try {
                const Array<double> row = to_table({record});
                return (*hook)(row, to_array(current)).template cast<bool>();
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
    const FitEnd end = run_interruptibly(
        pending, n_threads,
        [&](Execution& execution) {
            return self.fit(training, validation, request, numbers, records, execution);
        },
        [stop] { return stop != nullptr && stop->wanted(); });
    // A Ctrl-C since the last look, or of a fit shorter than the time between two looks: raised by
    // the interpreter before the caller had a name for the result, it would cost the whole fit.
    if (!pending.any()) {
        pending.signal_raised();
    }
    return py::make_tuple(to_array(numbers), to_table(records), name_of(end), pending.error());
}

// What the evidence says of parameters; None where another optimizer is at work. The objective of
// the last fit has to be there still.
py::object evidence_report(Trainer<double>& self, const Array<double>& parameters, int n_threads) {
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
                 return std::make_unique<Trainer<T>>(optimizer.make<T>(n_parameters),
                                                     TrainerOptions{batch_size, shuffle, seed});
             }),
             py::arg("optimizer"), py::arg("n_parameters"), py::arg("batch_size"),
             py::arg("shuffle"), py::arg("seed"))
        .def_property_readonly("n_epochs", &Trainer<T>::n_epochs)
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
