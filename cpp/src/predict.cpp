#include "jet_propagation.hpp"
#include "packed_parameters.hpp"

#include <jetmlp/predict.hpp>

#include <algorithm>
#include <vector>

namespace jetmlp {

template <class T>
void predict(const Architecture& architecture, const T* parameters, Index n_samples,
             const T* inputs, T* values, T* jacobian, Execution& execution) {
    const Index d = architecture.n_inputs();
    const Index m = architecture.n_outputs();
    const Index n_tangents = jacobian == nullptr ? 0 : d;
    PackedParameters<T> packed(architecture);
    packed.assign(architecture, parameters);
    const Index block = JetPropagation<T>::block_samples(n_tangents);
    const Index n_blocks = (n_samples + block - 1) / block;
    std::vector<JetPropagation<T>> workspaces(
        static_cast<std::size_t>(execution.team.n_threads()),
        JetPropagation<T>(packed.layout(), n_tangents, Passes::forward));

    execution.team.run(n_blocks, [&](Index b, int member) {
        execution.interrupt.poll();
        JetPropagation<T>& jets = workspaces[static_cast<std::size_t>(member)];
        const Index first = b * block;
        const Index count = std::min(block, n_samples - first);
        jets.begin(count);
        for (Index i = 0; i < count; ++i) {
            std::copy_n(inputs + (first + i) * d, d, jets.input(i));
        }
        jets.forward(packed);
        for (Index i = 0; i < count; ++i) {
            if (values != nullptr) {
                std::copy_n(jets.output(i), m, values + (first + i) * m);
            }
            for (Index k = 0; k < n_tangents; ++k) {
                for (Index o = 0; o < m; ++o) {
                    jacobian[((first + i) * m + o) * d + k] = jets.tangent(i, k)[o];
                }
            }
        }
    });
}

template void predict(const Architecture&, const float*, Index, const float*, float*, float*,
                      Execution&);
template void predict(const Architecture&, const double*, Index, const double*, double*, double*,
                      Execution&);

}  // namespace jetmlp
