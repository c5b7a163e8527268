#include "bindings.hpp"

#include <jetmlp/optim/adam.hpp>
#include <jetmlp/optim/chain.hpp>
#include <jetmlp/optim/evidence.hpp>
#include <jetmlp/optim/lbfgs.hpp>
#include <jetmlp/optim/levenberg_marquardt.hpp>
#include <jetmlp/optim/self_scaled_broyden.hpp>
#include <jetmlp/optim/stochastic_gauss_newton.hpp>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace jetmlp::bindings {

namespace {

using Options = std::shared_ptr<OptimizerOptions>;

template <class OfOptimizer>
Options make() {
    return std::make_shared<OfOptimizer>();
}

// Every optimizer that has settings of its own, by its name in Python.
const std::map<std::string, Options (*)()>& optimizers() {
    static const std::map<std::string, Options (*)()> known{
        {"Adam", make<AdamOptions>},
        {"Evidence", make<EvidenceOptions>},
        {"LBFGS", make<LbfgsOptions>},
        {"LevenbergMarquardt", make<LevenbergMarquardtOptions>},
        {"SelfScaledBroyden", make<SelfScaledBroydenOptions>},
        {"StochasticGaussNewton", make<StochasticGaussNewtonOptions>},
    };
    return known;
}

Options optimizer_options(const std::string& name,
                          const std::map<std::string, SettingValue>& settings) {
    const auto found = optimizers().find(name);
    if (found == optimizers().end()) {
        std::string message = "name: expected one of";
        for (const auto& [known, make_options] : optimizers()) {
            message += " '" + known + "'";
        }
        throw std::invalid_argument(message + ", got '" + name + "'");
    }
    Options options = found->second();
    assign_all(options->settings(), settings);
    return options;
}

}  // namespace

void bind_optimizers(py::module_& module) {
    module.attr("NORMAL_FORMS") = py::tuple(py::cast(normal_form_names));
    module.attr("BROYDEN_UPDATES") = py::tuple(py::cast(broyden_update_names));
    py::class_<OptimizerOptions, Options>(module, "OptimizerOptions",
                                          "What an optimizer is set to, checked by the core.")
        .def("state_numbers", &OptimizerOptions::state_numbers, py::arg("n_parameters"),
             "How many numbers the state of the optimizer has.");
    module.def("optimizer_options", &optimizer_options, py::arg("name"), py::arg("settings"),
               "Options of an optimizer, with a value for each of its settings.");
    module.def(
        "chain_options",
        [](const std::vector<Options>& links, std::vector<Index> epochs) -> Options {
            return std::make_shared<ChainOptions>(
                std::vector<std::shared_ptr<const OptimizerOptions>>(links.begin(), links.end()),
                std::move(epochs));
        },
        py::arg("optimizers"), py::arg("epochs"), "Options of several optimizers in a row.");
}

}  // namespace jetmlp::bindings
