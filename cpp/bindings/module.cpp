// A table of contents. The module's name carries the instruction-set level it was built for.
#include "bindings.hpp"

PYBIND11_MODULE(JETMLP_MODULE_NAME, module) {
    using namespace jetmlp::bindings;
    bind_info(module);
    bind_activation(module);
    bind_random(module);
    bind_architecture(module);
    bind_predict(module);
    bind_objective(module);
    bind_trainer(module);
}
