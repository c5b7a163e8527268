#include "bindings.hpp"

#include <jetmlp/network/architecture.hpp>
#include <jetmlp/network/initialization.hpp>

#include <string>

namespace jetmlp::bindings {

namespace {

template <class T>
Array<T> initial_parameters(const Architecture& architecture, const std::string& init,
                            std::uint64_t seed) {
    Array<T> parameters(architecture.n_parameters());
    const Initialization scheme = initialization_from_name(init);
    T* const numbers = parameters.mutable_data();
    run_interruptibly(
        1, [&](Execution& /*execution*/) { initialize<T>(architecture, scheme, seed, numbers); });
    return parameters;
}

}  // namespace

void bind_architecture(py::module_& module) {
    module.attr("INITIALIZATIONS") = to_tuple(initialization_names());
    py::class_<Architecture>(module, "Architecture",
                             "Layer sizes and activations of a network, without its numbers.")
        .def(py::init([](std::vector<Index> layer_sizes, const std::string& activation,
                         const std::string& output_activation) {
                 return Architecture(std::move(layer_sizes), activation_from_name(activation),
                                     activation_from_name(output_activation));
             }),
             py::arg("layer_sizes"), py::arg("activation"), py::arg("output_activation"))
        .def_property_readonly("layer_sizes", &Architecture::layer_sizes)
        .def_property_readonly("n_parameters", &Architecture::n_parameters)
        .def_property_readonly("layer_offsets",
                               [](const Architecture& architecture) {
                                   std::vector<std::pair<Index, Index>> offsets;
                                   for (const Layer& layer : architecture.layers()) {
                                       offsets.emplace_back(layer.weights_offset,
                                                            layer.bias_offset);
                                   }
                                   return offsets;
                               })
        .def("initial_parameters32", &initial_parameters<float>, py::arg("init"), py::arg("seed"))
        .def("initial_parameters64", &initial_parameters<double>, py::arg("init"), py::arg("seed"));
}

}  // namespace jetmlp::bindings
