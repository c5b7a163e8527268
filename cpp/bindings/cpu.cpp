// Which instruction-set levels this processor and its operating system can run. A module of its
// own, built for the plainest processor, so that asking never executes what is being asked about.
#include <jetmlp/machine/instruction_levels.hpp>

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

// Neither function has anything that two threads could share.
PYBIND11_MODULE(_cpu, module, pybind11::mod_gil_not_used()) {
    module.def("supported_levels", &jetmlp::supported_levels,
               "Instruction-set levels that this processor can run, the highest first.");
    module.def(
        "levels_of",
        [](std::uint32_t basic, std::uint32_t structured, std::uint32_t extended,
           std::uint64_t saved) { return jetmlp::levels_of({basic, structured, extended, saved}); },
        pybind11::arg("basic"), pybind11::arg("structured"), pybind11::arg("extended"),
        pybind11::arg("saved"),
        "The x86-64 levels of a processor with these flags: CPUID leaf 1 ECX, leaf 7 EBX, leaf "
        "0x80000001 ECX, and XCR0.");
}
