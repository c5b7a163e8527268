#include "network/names.hpp"

#include <jetmlp/machine/parts.hpp>
#include <jetmlp/machine/random.hpp>
#include <jetmlp/network/initialization.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace jetmlp {

namespace {

struct Fans {  // of a layer: its inputs and outputs
    double in;
    double out;
};

// How one weight of a layer is drawn, and one bias.
struct Scheme {
    std::string_view name;
    double (*weight)(Generator& generator, Fans fans);
    double (*bias)(Generator& generator, Fans fans);
};

double uniform_within(double limit, Generator& generator) {
    return limit * (2.0 * generator.uniform() - 1.0);
}

double normal_of_variance(double variance, Generator& generator) {
    return std::sqrt(variance) * generator.normal();
}

double zero(Generator& /*generator*/, Fans /*fans*/) { return 0.0; }

double uniform_by_inputs(Generator& generator, Fans fans) {
    return uniform_within(1.0 / std::sqrt(fans.in), generator);
}

constexpr std::array schemes = {
    // W ~ U(±√(6/(n_in + n_out))), b = 0 (Glorot and Bengio 2010; the default of Keras)
    Scheme{"glorot_uniform",
           [](Generator& generator, Fans fans) {
               return uniform_within(std::sqrt(6.0 / (fans.in + fans.out)), generator);
           },
           zero},
    // W, b ~ U(±1/√n_in) (the default of PyTorch's Linear)
    Scheme{"fan_in_uniform", uniform_by_inputs, uniform_by_inputs},
    // W ~ N(0, 2/n_in), b = 0 (He et al. 2015, for ReLU)
    Scheme{"he_normal",
           [](Generator& generator, Fans fans) {
               return normal_of_variance(2.0 / fans.in, generator);
           },
           zero},
    // W ~ N(0, 1/n_in), b = 0 (LeCun et al. 1998, "Efficient BackProp"; Klambauer et al. 2017)
    Scheme{"lecun_normal",
           [](Generator& generator, Fans fans) {
               return normal_of_variance(1.0 / fans.in, generator);
           },
           zero},
};

constexpr auto names = [] {
    std::array<std::string_view, schemes.size()> of_schemes;
    std::ranges::transform(schemes, of_schemes.begin(), &Scheme::name);
    return of_schemes;
}();

}  // namespace

std::span<const std::string_view> initialization_names() { return names; }

Initialization initialization_from_name(std::string_view name) {
    return from_name<Initialization>("init", name, names);
}

template <class T>
void initialize(const Architecture& architecture, Initialization initialization, std::uint64_t seed,
                T* parameters) {
    const Scheme& scheme = schemes[static_cast<std::size_t>(initialization)];
    std::uint64_t index = 0;
    for (const Layer& layer : architecture.layers()) {
        Generator generator(seed, Purpose::initialization, index++);
        const Fans fans{static_cast<double>(layer.n_in), static_cast<double>(layer.n_out)};
        T* const weights = parameters + layer.weights_offset;
        in_parts(layer.n_out * layer.n_in, [&](Index first, Index last) {
            std::generate(weights + first, weights + last,
                          [&] { return static_cast<T>(scheme.weight(generator, fans)); });
        });
        std::generate_n(parameters + layer.bias_offset, layer.n_out,
                        [&] { return static_cast<T>(scheme.bias(generator, fans)); });
    }
}

template void initialize(const Architecture&, Initialization, std::uint64_t, float*);
template void initialize(const Architecture&, Initialization, std::uint64_t, double*);

}  // namespace jetmlp
