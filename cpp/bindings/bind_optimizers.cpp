#include "optimizers.hpp"

#include <string>
#include <utility>
#include <vector>

namespace jetmlp::bindings {

namespace {

StoppingOptions stopping_options(double gradient_tolerance, double step_tolerance,
                                 double loss_tolerance, double target_loss) {
    return {gradient_tolerance, step_tolerance, loss_tolerance, target_loss};
}

NormalForm normal_form(const std::string& name) {
    if (name == "dual") {
        return NormalForm::dual;
    }
    return name == "primal" ? NormalForm::primal : NormalForm::automatic;
}

}  // namespace

void bind_optimizers(py::module_& module) {
    py::class_<AdamOptions>(module, "AdamOptions")
        .def(py::init([](double beta1, double beta2, double epsilon, double weight_decay) {
                 return AdamOptions{beta1, beta2, epsilon, weight_decay};
             }),
             py::arg("beta1"), py::arg("beta2"), py::arg("epsilon"), py::arg("weight_decay"));
    py::class_<LevenbergMarquardtOptions>(module, "LevenbergMarquardtOptions")
        .def(py::init([](double initial_damping, bool geodesic_acceleration,
                         const std::string& form, double gradient_tolerance, double step_tolerance,
                         double loss_tolerance, double target_loss) {
                 return LevenbergMarquardtOptions{
                     initial_damping, geodesic_acceleration, normal_form(form),
                     stopping_options(gradient_tolerance, step_tolerance, loss_tolerance,
                                      target_loss)};
             }),
             py::arg("initial_damping"), py::arg("geodesic_acceleration"), py::arg("form"),
             py::arg("gradient_tolerance"), py::arg("step_tolerance"), py::arg("loss_tolerance"),
             py::arg("target_loss"));
    py::class_<LbfgsOptions>(module, "LBFGSOptions")
        .def(py::init([](Index memory, double sufficient_decrease, double curvature,
                         double gradient_tolerance, double step_tolerance, double loss_tolerance,
                         double target_loss) {
                 return LbfgsOptions{memory, sufficient_decrease, curvature,
                                     stopping_options(gradient_tolerance, step_tolerance,
                                                      loss_tolerance, target_loss)};
             }),
             py::arg("memory"), py::arg("sufficient_decrease"), py::arg("curvature"),
             py::arg("gradient_tolerance"), py::arg("step_tolerance"), py::arg("loss_tolerance"),
             py::arg("target_loss"));
    py::class_<ChainOptions>(module, "ChainOptions")
        .def(py::init([](std::vector<SingleOptions> optimizers, std::vector<Index> epochs) {
                 return ChainOptions{std::move(optimizers), std::move(epochs)};
             }),
             py::arg("optimizers"), py::arg("epochs"));
}

}  // namespace jetmlp::bindings
