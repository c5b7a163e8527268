// Starting values for the parameters of a network.
#pragma once

#include <jetmlp/machine/types.hpp>
#include <jetmlp/network/architecture.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace jetmlp {

enum class Initialization {
    glorot_uniform,  // W ~ U(±√(6/(n_in+n_out))), b = 0 (Glorot and Bengio 2010; Keras's default)
    fan_in_uniform,  // W, b ~ U(±1/√n_in) (PyTorch's default for Linear)
    he_normal,       // W ~ N(0, 2/n_in), b = 0 (He et al. 2015, for ReLU)
};

inline constexpr std::array<std::string_view, 3> initialization_names = {
    "glorot_uniform", "fan_in_uniform", "he_normal"};

// Throws std::invalid_argument that lists the known names.
Initialization initialization_from_name(std::string_view name);

// Fills the flat vector of n_parameters numbers. Layer l draws from its own stream
// (seed, initialization, l), in double whatever T is: both types start from the same network.
template <class T>
void initialize(const Architecture& architecture, Initialization initialization, std::uint64_t seed,
                T* parameters);

}  // namespace jetmlp
