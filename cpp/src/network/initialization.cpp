#include "network/names.hpp"

#include <jetmlp/machine/random.hpp>
#include <jetmlp/network/initialization.hpp>

#include <algorithm>
#include <cmath>

namespace jetmlp {

Initialization initialization_from_name(std::string_view name) {
    return from_name<Initialization>("init", name, initialization_names);
}

template <class T>
void initialize(const Architecture& architecture, Initialization initialization, std::uint64_t seed,
                T* parameters) {
    std::uint64_t index = 0;
    for (const Layer& layer : architecture.layers()) {
        Generator generator(seed, Purpose::initialization, index++);
        T* const weights = parameters + layer.weights_offset;
        T* const bias = parameters + layer.bias_offset;
        const Index n_weights = layer.n_out * layer.n_in;
        const auto fan_in = static_cast<double>(layer.n_in);
        const auto fan_out = static_cast<double>(layer.n_out);
        const auto uniform_within = [&generator](double limit) {
            return [&generator, limit] {
                return static_cast<T>(limit * (2.0 * generator.uniform() - 1.0));
            };
        };

        std::fill_n(bias, layer.n_out, T(0));
        switch (initialization) {
            case Initialization::glorot_uniform:
                std::generate_n(weights, n_weights,
                                uniform_within(std::sqrt(6.0 / (fan_in + fan_out))));
                break;
            case Initialization::fan_in_uniform:
                std::generate_n(weights, n_weights, uniform_within(1.0 / std::sqrt(fan_in)));
                std::generate_n(bias, layer.n_out, uniform_within(1.0 / std::sqrt(fan_in)));
                break;
            case Initialization::he_normal:
                std::generate_n(weights, n_weights, [&generator, fan_in] {
                    return static_cast<T>(std::sqrt(2.0 / fan_in) * generator.normal());
                });
                break;
        }
    }
}

template void initialize(const Architecture&, Initialization, std::uint64_t, float*);
template void initialize(const Architecture&, Initialization, std::uint64_t, double*);

}  // namespace jetmlp
