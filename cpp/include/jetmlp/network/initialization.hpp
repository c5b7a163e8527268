// Starting values for the parameters of a network.
#pragma once

#include <jetmlp/machine/types.hpp>
#include <jetmlp/network/architecture.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace jetmlp {

// A place in the list of initialisations, which stands in network/initialization.cpp with the
// formulas and their sources, and nowhere else.
enum class Initialization : int {};

// The names, in the order of that list.
std::span<const std::string_view> initialization_names();

// Throws std::invalid_argument that lists the known names.
Initialization initialization_from_name(std::string_view name);

// Fills the flat vector of n_parameters numbers. Layer l draws from its own stream
// (seed, initialization, l), in double whatever T is: both types start from the same network.
template <class T>
void initialize(const Architecture& architecture, Initialization initialization, std::uint64_t seed,
                T* parameters);

}  // namespace jetmlp
