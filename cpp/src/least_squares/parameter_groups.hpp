// Which parameters share the precision of a prior.
#pragma once

#include <jetmlp/machine/types.hpp>
#include <jetmlp/network/architecture.hpp>

#include <vector>

namespace jetmlp {

struct Grouping {
    std::vector<Index> group_of;
    std::vector<double> sizes;  // members of each group
};

// The weights of each layer and its biases are a group each; with `by_input` the weights that come
// from each input of the network are one of their own ("automatic relevance determination", MacKay
// and Neal), so that an input without effect is switched off.
inline Grouping parameter_groups(const Architecture& architecture, bool by_input) {
    Grouping groups;
    groups.group_of.resize(static_cast<std::size_t>(architecture.n_parameters()));
    Index next = 0;
    for (const Layer& layer : architecture.layers()) {
        const bool apart = by_input && layer.weights_offset == 0;
        for (Index at = 0; at < layer.n_out * layer.n_in; ++at) {
            groups.group_of[static_cast<std::size_t>(layer.weights_offset + at)] =
                next + (apart ? at % layer.n_in : 0);
        }
        next += apart ? layer.n_in : 1;
        for (Index j = 0; j < layer.n_out; ++j) {
            groups.group_of[static_cast<std::size_t>(layer.bias_offset + j)] = next;
        }
        ++next;
    }
    groups.sizes.assign(static_cast<std::size_t>(next), 0.0);
    for (const Index group : groups.group_of) {
        groups.sizes[static_cast<std::size_t>(group)] += 1.0;
    }
    return groups;
}

}  // namespace jetmlp
