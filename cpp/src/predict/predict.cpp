#include "network/packed_parameters.hpp"
#include "predict/sample_blocks.hpp"
#include "propagation/factory.hpp"

#include <jetmlp/predict/predict.hpp>

namespace jetmlp {

template <class T>
void predict(const Architecture& architecture, const T* parameters, Index n_samples,
             const T* inputs, T* values, T* jacobian, Execution& execution) {
    const Index d = architecture.n_inputs();
    const Index m = architecture.n_outputs();
    PackedParameters<T> packed(architecture);
    packed.assign(architecture, parameters);
    in_blocks(
        packed, n_samples, inputs, execution,
        [&] { return make_forward_propagation(packed.layout(), jacobian != nullptr); }, nothing,
        [&](const ForwardPropagation<T>& propagation, Index i, Index sample) {
            for (Index o = 0; o < m; ++o) {
                const Index at = sample * m + o;
                if (values != nullptr) {
                    values[at] = propagation.output(i, o);
                }
                for (Index k = 0; jacobian != nullptr && k < d; ++k) {
                    jacobian[at * d + k] = propagation.derivative(i, o, k);
                }
            }
        });
}

template void predict(const Architecture&, const float*, Index, const float*, float*, float*,
                      Execution&);
template void predict(const Architecture&, const double*, Index, const double*, double*, double*,
                      Execution&);

}  // namespace jetmlp
