#include "bindings.hpp"
#include "called_elsewhere.hpp"

#include <jetmlp/least_squares/residuals.hpp>
#include <jetmlp/loss/objective.hpp>
#include <jetmlp/machine/checked_size.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace jetmlp::bindings {

namespace {

template <class T>
using OptionalArray = std::optional<Array<T>>;

template <class T>
using ByTerm = std::array<OptionalArray<T>, n_terms>;

// What is given of each term, of n samples with m outputs; weights are for each sample, or for each
// entry.
template <class T>
Terms<Targets<T>> as_targets(const ByTerm<T>& arrays, const ByTerm<T>& weights, Index n, Index m,
                             const Terms<Index>& per_output) {
    Terms<Targets<T>> targets;
    for (const Term term : all_terms) {
        const auto at = static_cast<std::size_t>(term);
        const OptionalArray<T>& entries = arrays[at];
        const OptionalArray<T>& of_entries = weights[at];
        if (!entries) {
            continue;
        }
        const std::string name(target_names[at]);
        const Index per_sample = checked_product(m, per_output[term]);
        expect_length(name.c_str(), entries->size(), checked_product(n, per_sample));
        targets[term].entries = entries->data();
        if (of_entries) {
            const bool by_sample = of_entries->size() == n;
            targets[term].weights_per_sample = by_sample ? 1 : per_sample;
            expect_length((name + ", weights").c_str(), of_entries->size(),
                          n * targets[term].weights_per_sample);
            targets[term].weights = of_entries->data();
        }
    }
    return targets;
}

template <class T>
std::unique_ptr<Objective<T>> make_objective(const Architecture& architecture, const Array<T>& X,
                                             const ByTerm<T>& targets,
                                             const std::array<double, n_terms>& term_weights,
                                             double l2, const ByTerm<T>& sample_weights,
                                             const OptionalArray<T>& directions) {
    const Computation computation;
    const Index d = architecture.n_inputs();
    const Index m = architecture.n_outputs();
    const Index n = X.size() / d;
    expect_length("X", X.size(), n * d);
    Directions<T> along;
    if (directions) {
        along = {directions->data(), directions->size() / std::max<Index>(1, n * d)};
        expect_length("directions", directions->size(), checked_product(n, along.count, d));
    }
    const Terms<Index> per_output = entries_per_output(d, directions ? along.count : d);
    const Terms<Targets<T>> of_terms = as_targets(targets, sample_weights, n, m, per_output);
    return run_interruptibly(1, [&](Execution& /*execution*/) {
        return std::make_unique<Objective<T>>(architecture,
                                              Dataset<T>(n, d, m, X.data(), of_terms, along),
                                              LossWeights{{term_weights}, l2});
    });
}

template <class T>
std::shared_ptr<Objective<T>> make_objective_elsewhere(
    const Architecture& architecture, Index n_samples, const std::array<bool, n_terms>& given,
    const std::array<double, n_terms>& term_weights, double l2, const py::function& evaluate,
    const py::function& next_batch) {
    auto elsewhere = std::make_shared<CalledElsewhere<T>>(n_samples, given, evaluate, next_batch);
    elsewhere->expect_parameters(architecture.n_parameters());
    return std::make_shared<Objective<T>>(architecture, std::move(elsewhere),
                                          LossWeights{{term_weights}, l2});
}

template <class T>
Losses evaluate(Objective<T>& objective, const Array<T>& parameters, T* gradient, int n_threads) {
    expect_length("parameters", parameters.size(), objective.architecture().n_parameters());
    PendingError pending;
    try {
        return run_interruptibly(pending, n_threads, [&](Execution& execution) {
            return objective.evaluate(parameters.data(), objective.all_rows(), gradient, execution);
        });
    } catch (const Interrupted&) {
        const PendingError elsewhere = pending_elsewhere(&objective);
        (pending.any() ? pending : elsewhere).raise();
    }
}

template <class T>
void bind_objective_of(py::module_& module, const char* name) {
    py::class_<Objective<T>, std::shared_ptr<Objective<T>>> objective(
        module, name, "Loss and gradient as a function of the parameters.");
    objective
        .def(py::init(&make_objective<T>), py::arg("architecture"), py::arg("X").noconvert(),
             py::arg("targets").noconvert(), py::arg("term_weights"), py::arg("l2"),
             py::arg("sample_weights").noconvert(), py::arg("directions").noconvert())
        .def_static(
            "elsewhere", &make_objective_elsewhere<T>, py::arg("architecture"),
            py::arg("n_samples"), py::arg("given"), py::arg("term_weights"), py::arg("l2"),
            py::arg("evaluate"), py::arg("next_batch"),
            "Of samples whose mean squared errors, and their gradient, a function computes.")
        .def(
            "renewed",
            [](const Objective<T>& self) {
                return std::make_shared<Objective<T>>(self.architecture(), Dataset<T>(self.data()),
                                                      self.weights());
            },
            "The same function with new room to work in; of this one, only what never changes is "
            "looked at.")
        .def_property_readonly("terms",
                               [](const Objective<T>& self) {
                                   py::list terms;
                                   for (const Term term : all_terms) {
                                       if (self.has(term)) {
                                           terms.append(term_names[static_cast<std::size_t>(term)]);
                                       }
                                   }
                                   return py::tuple(terms);
                               })
        .def("workspace_bytes", &Objective<T>::workspace_bytes, py::arg("n_threads"),
             "About how many bytes an evaluation allocates.")
        .def(
            "losses",
            [](Objective<T>& self, const Array<T>& parameters, int n_threads) {
                const Computation computation;
                const Losses losses = evaluate<T>(self, parameters, nullptr, n_threads);
                return std::make_pair(losses.total, losses.terms.by_term);
            },
            py::arg("parameters").noconvert(), py::arg("n_threads"))
        .def(
            "loss_and_gradient",
            [](Objective<T>& self, const Array<T>& parameters, int n_threads) {
                const Computation computation;
                Array<T> gradient(parameters.size());
                const Losses losses =
                    evaluate<T>(self, parameters, gradient.mutable_data(), n_threads);
                return std::make_pair(losses.total, gradient);
            },
            py::arg("parameters").noconvert(), py::arg("n_threads"))
        .def(
            "terms_and_gradient",
            [](Objective<T>& self, const Array<T>& parameters, int n_threads) {
                const Computation computation;
                Array<T> gradient(parameters.size());
                const Losses losses =
                    evaluate<T>(self, parameters, gradient.mutable_data(), n_threads);
                return std::make_pair(losses.terms.by_term, gradient);
            },
            py::arg("parameters").noconvert(), py::arg("n_threads"));
    if constexpr (std::is_same_v<T, double>) {
        objective
            .def("residuals_bytes", &Residuals::bytes, "About how many bytes its Residuals hold.")
            .def_property_readonly(
                "n_errors",
                [](const Objective<double>& self) { return count_residuals(self).errors; })
            .def_property_readonly("n_residuals", [](const Objective<double>& self) {
                const ResidualCount count = count_residuals(self);
                return count.errors + count.penalties;
            });
    }
}

}  // namespace

void bind_objective(py::module_& module) {
    module.attr("TERMS") = py::tuple(py::cast(term_names));
    bind_objective_of<float>(module, "Objective32");
    bind_objective_of<double>(module, "Objective64");
}

}  // namespace jetmlp::bindings
