#include "bindings.hpp"
#include "optimizers.hpp"

#include <jetmlp/optim/trainer.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <variant>

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

// The columns of a history, in the order in which the Python side names them.
Array<double> to_table(const std::vector<EpochRecord>& records) {
    constexpr py::ssize_t n_columns = 9;
    Array<double> table({static_cast<py::ssize_t>(records.size()), n_columns});
    double* row = table.mutable_data();
    for (const EpochRecord& record : records) {
        for (const double entry :
             {record.training.total, record.training.value, record.training.derivative,
              record.training.second_derivative, record.validation.total, record.validation.value,
              record.validation.derivative, record.validation.second_derivative,
              record.learning_rate}) {
            *row++ = entry;
        }
    }
    return table;
}

const char* name_of(FitEnd end) {
    switch (end) {
        case FitEnd::finished:
            return "finished";
        case FitEnd::converged:
            return "converged";
        case FitEnd::stopped:
            return "stopped";
        case FitEnd::diverged:
            return "diverged";
        case FitEnd::interrupted:
            return "interrupted";
    }
    return "";
}

// Returns (parameters, table of records, how it ended (of a fit that converged, the optimizer's
// word for why), pending exception or None): the caller keeps
// the first two whatever the others say.
template <class T>
py::tuple fit(Trainer<T>& self, Objective<T>& training, Objective<T>* validation,
              const Array<double>& learning_rates, const Array<T>& parameters, int n_threads,
              const std::optional<py::function>& hook, const StopFlag* stop) {
    expect_length("parameters", parameters.size(), training.architecture().n_parameters());
    std::vector<T> numbers(parameters.data(), parameters.data() + parameters.size());
    const std::vector<double> rates(learning_rates.data(),
                                    learning_rates.data() + learning_rates.size());
    std::vector<EpochRecord> records;
    PendingError pending;
    EpochHook<T> call_hook;
    if (hook) {
        call_hook = [&](const EpochRecord& record, const std::vector<T>& current) {
            const py::gil_scoped_acquire gil;
            try {
                const Array<double> row = to_table({record});
                return (*hook)(row, to_array(current)).template cast<bool>();
            } catch (const py::error_already_set& error) {
                pending.keep(error);
                return true;
            }
        };
    }
    const FitEnd end =
        run_interruptibly(  // one release of the GIL per fit; only the hook comes back
            pending, n_threads,
            [&](Execution& execution) {
                return self.fit(training, validation, rates, numbers, records, call_hook,
                                execution);
            },
            [stop] { return stop != nullptr && stop->wanted(); });
    // A Ctrl-C since the last look, or of a fit shorter than the time between two looks: raised by
    // the interpreter before the caller had a name for the result, it would cost the whole fit.
    if (!pending.any()) {
        pending.signal_raised();
    }
    const std::string word(end == FitEnd::converged ? self.convergence() : name_of(end));
    return py::make_tuple(to_array(numbers), to_table(records), word, pending.error());
}

template <class T>
void bind_trainer_of(py::module_& module, const char* name) {
    py::class_<Trainer<T>>(module, name, "Optimizer state and epoch count of a fit.")
        .def(py::init([](const OptimizerOptions& optimizer, Index n_parameters, Index batch_size,
                         bool shuffle, std::uint64_t seed) {
                 return std::make_unique<Trainer<T>>(std::visit(
                                                         [n_parameters](const auto& options) {
                                                             return make_optimizer<T>(options,
                                                                                      n_parameters);
                                                         },
                                                         optimizer),
                                                     TrainerOptions{batch_size, shuffle, seed});
             }),
             py::arg("optimizer"), py::arg("n_parameters"), py::arg("batch_size"),
             py::arg("shuffle"), py::arg("seed"))
        .def_property_readonly("n_epochs", &Trainer<T>::n_epochs)
        .def("fit", &fit<T>, py::arg("training"), py::arg("validation").none(true),
             py::arg("learning_rates").noconvert(), py::arg("parameters").noconvert(),
             py::arg("n_threads"), py::arg("hook"), py::arg("stop").none(true));
}

}  // namespace

void bind_trainer(py::module_& module) {
    py::class_<StopFlag>(module, "StopFlag", "Ends the fits it was given to.")
        .def(py::init<>())
        .def("set", &StopFlag::set);
    bind_trainer_of<float>(module, "Trainer32");
    bind_trainer_of<double>(module, "Trainer64");
}

}  // namespace jetmlp::bindings
