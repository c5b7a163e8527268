#include "bindings.hpp"

#include <jetmlp/network/activation.hpp>

#include <string>

namespace jetmlp::bindings {

namespace {

template <class T>
py::tuple activation(const std::string& name, const Array<T>& z) {
    const Activation which = activation_from_name(name);
    Array<T> a(z.size());
    Array<T> s1(z.size());
    Array<T> s2(z.size());
    Array<T> s3(z.size());
    evaluate_activation<T>(which, z.size(), z.data(), a.mutable_data(), s1.mutable_data(),
                           s2.mutable_data(), s3.mutable_data());
    return py::make_tuple(a, s1, s2, s3);
}

}  // namespace

void bind_activation(py::module_& module) {
    module.attr("ACTIVATIONS") = to_tuple(activation_names());
    module.def("activation", &activation<float>, py::arg("name"), py::arg("z").noconvert());
    module.def("activation", &activation<double>, py::arg("name"), py::arg("z").noconvert(),
               "The activation and its first three derivatives at every z.");
}

}  // namespace jetmlp::bindings
