#include <Eigen/Core>

#include <string>

#include "bindings.hpp"

#define JETMLP_STRING_OF(x) #x
#define JETMLP_STRING(x) JETMLP_STRING_OF(x)

namespace jetmlp::bindings {

void bind_info(py::module_& module) {
    module.def(
        "build_info",
        [] {
            py::dict info;
            info["version"] = JETMLP_VERSION;
            info["instruction_set"] = JETMLP_INSTRUCTION_SET;
            info["compiler"] = JETMLP_COMPILER;
            info["eigen"] = JETMLP_STRING(EIGEN_WORLD_VERSION) "." JETMLP_STRING(
                EIGEN_MAJOR_VERSION) "." JETMLP_STRING(EIGEN_MINOR_VERSION);
            return info;
        },
        "How this core was built: version, instruction-set level, compiler, version of Eigen.");
}

}  // namespace jetmlp::bindings
