#include "packed_parameters.hpp"
#include "propagation.hpp"

#include <jetmlp/predict.hpp>

#include <algorithm>
#include <memory>
#include <vector>

namespace jetmlp {

template <class T>
void predict(const Architecture& architecture, const T* parameters, Index n_samples,
             const T* inputs, T* values, T* jacobian, Execution& execution) {
    const Index d = architecture.n_inputs();
    const Index m = architecture.n_outputs();
    PackedParameters<T> packed(architecture);
    packed.assign(architecture, parameters);
    std::vector<std::unique_ptr<Propagation<T>>> workspaces;
    workspaces.reserve(static_cast<std::size_t>(execution.team.n_threads()));
    for (int member = 0; member < execution.team.n_threads(); ++member) {
        workspaces.push_back(
            make_propagation<T>(packed.layout(), jacobian != nullptr, Passes::forward));
    }
    const Index block = workspaces.front()->block_samples();
    const Index n_blocks = (n_samples + block - 1) / block;

    // Threads take as long to start as these few blocks to compute.
    constexpr Index few_blocks = 16;
    const auto predict_block = [&](Index b, int member) {
        execution.interrupt.poll();
        Propagation<T>& propagation = *workspaces[static_cast<std::size_t>(member)];
        const Index first = b * block;
        const Index count = std::min(block, n_samples - first);
        propagation.begin(count);
        for (Index i = 0; i < count; ++i) {
            std::copy_n(inputs + (first + i) * d, d, propagation.input(i));
        }
        propagation.forward(packed);
        for (Index i = 0; i < count; ++i) {
            for (Index o = 0; o < m; ++o) {
                const Index at = (first + i) * m + o;
                if (values != nullptr) {
                    values[at] = propagation.output(i, o);
                }
                for (Index k = 0; jacobian != nullptr && k < d; ++k) {
                    jacobian[at * d + k] = propagation.derivative(i, o, k);
                }
            }
        }
    };
    execution.team.run(n_blocks, predict_block, n_blocks <= few_blocks);
}

template void predict(const Architecture&, const float*, Index, const float*, float*, float*,
                      Execution&);
template void predict(const Architecture&, const double*, Index, const double*, double*, double*,
                      Execution&);

}  // namespace jetmlp
