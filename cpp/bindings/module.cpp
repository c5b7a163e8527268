// A table of contents. The module's name carries the instruction-set level it was built for.
#include "bindings.hpp"

PYBIND11_MODULE(JETMLP_MODULE_NAME, module) {
    using namespace jetmlp::bindings;
    module.def(
        "build_info",
        [] {
            py::dict info;
            info["version"] = JETMLP_VERSION;
            info["instruction_set"] = JETMLP_INSTRUCTION_SET;
            info["compiler"] = JETMLP_COMPILER;
            info["eigen"] = JETMLP_EIGEN;
            return info;
        },
        "How this core was built: version, instruction-set level, compiler, version of Eigen.");
    bind_computations(module);
    bind_activation(module);
    bind_architecture(module);
    bind_objective(module);
    bind_optimizers(module);
    bind_evidence(module);
    bind_files(module);
    bind_predict(module);
    bind_predictor(module);
    bind_second_derivatives(module);
    bind_random(module);
    bind_residuals(module);
    bind_trainer(module);
}
