#include "bindings.hpp"

#include <jetmlp/models/model.hpp>

#include <pybind11/stl/filesystem.h>

#include <cerrno>
#include <filesystem>

namespace jetmlp::bindings {

namespace {

py::tuple predict(const Model& model, const Array<double>& X, bool values, bool jacobian,
                  int n_threads) {
    const Computation computation;
    const Index d = model.n_inputs();
    const Index m = model.n_outputs();
    const Index n = X.size() / d;
    expect_length("X", X.size(), n * d);
    std::optional<Array<double>> Y;
    std::optional<Array<double>> J;
    if (values) {
        Y.emplace(std::vector<Index>{n, m});
    }
    if (jacobian) {
        J.emplace(std::vector<Index>{n, m, d});
    }
    double* const Y_data = values ? Y->mutable_data() : nullptr;
    double* const J_data = jacobian ? J->mutable_data() : nullptr;
    run_interruptibly(n_threads, [&](Execution& execution) {
        model.predict(n, X.data(), Y_data, J_data, execution);
    });
    return py::make_tuple(Y, J);
}

Model load(const std::filesystem::path& path) {
    try {
        return load_model(path);
    } catch (const ModelFileError& error) {
        throw py::value_error(error.what());
    } catch (const std::filesystem::filesystem_error& error) {
        errno = error.code().value();
        PyErr_SetFromErrnoWithFilename(PyExc_OSError, path.string().c_str());
        throw py::error_already_set();
    }
}

}  // namespace

void bind_models(py::module_& module) {
    py::class_<Model>(module, "Model", "A model as C++ reads it from its file.")
        .def_property_readonly("n_inputs", &Model::n_inputs)
        .def_property_readonly("n_outputs", &Model::n_outputs)
        .def("predict", &predict, py::arg("X").noconvert(), py::arg("values"), py::arg("jacobian"),
             py::arg("n_threads"),
             "Values (n, m) and Jacobian (n, m, d) at X (n, d), each None if not wanted.");
    module.def("load_model", &load, py::arg("path"),
               "Read a model by the reader of the core; ValueError for what is none, OSError for "
               "what cannot be read.");
}

}  // namespace jetmlp::bindings
