#include "bindings.hpp"

#include <jetmlp/predict/predict.hpp>

namespace jetmlp::bindings {

namespace {

template <class T>
py::tuple predict(const Architecture& architecture, const Array<T>& parameters, const Array<T>& X,
                  bool values, bool jacobian, int n_threads) {
    const Computation computation;
    const Index d = architecture.n_inputs();
    const Index m = architecture.n_outputs();
    const Index n = X.size() / d;
    expect_length("parameters", parameters.size(), architecture.n_parameters());
    expect_length("X", X.size(), n * d);
    std::optional<Array<T>> Y;
    std::optional<Array<T>> J;
    if (values) {
        Y.emplace(std::vector<Index>{n, m});
    }
    if (jacobian) {
        J.emplace(std::vector<Index>{n, m, d});
    }
    T* const Y_data = values ? Y->mutable_data() : nullptr;
    T* const J_data = jacobian ? J->mutable_data() : nullptr;
    run_interruptibly(n_threads, [&](Execution& execution) {
        predict<T>(architecture, parameters.data(), n, X.data(), Y_data, J_data, execution);
    });
    return py::make_tuple(Y, J);
}

}  // namespace

void bind_predict(py::module_& module) {
    const auto bind = [&module]<class T>(T /*of this type*/) {
        module.def("predict", &predict<T>, py::arg("architecture"),
                   py::arg("parameters").noconvert(), py::arg("X").noconvert(), py::arg("values"),
                   py::arg("jacobian"), py::arg("n_threads"),
                   "Values (n, m) and Jacobian (n, m, d) at X (n, d), each None if not wanted.");
    };
    bind(float{});
    bind(double{});
}

}  // namespace jetmlp::bindings
