// Predictions go through the samples in blocks that fit the caches, shared out among threads.
#pragma once

#include "network/packed_parameters.hpp"

#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>

#include <algorithm>
#include <memory>
#include <vector>

namespace jetmlp {

// Runs the samples block by block through workspaces from `make`, one for each thread. Before each
// pass `prepare(workspace, i, sample)` may add to what row i of the block takes in; after it
// `write(workspace, i, sample)` takes the results out.
template <class T, class Make, class Prepare, class Write>
void in_blocks(const PackedParameters<T>& parameters, Index n_samples, const T* inputs,
               Execution& execution, const Make& make, const Prepare& prepare, const Write& write) {
    std::vector<decltype(make())> workspaces;
    workspaces.reserve(static_cast<std::size_t>(execution.team.n_threads()));
    for (int member = 0; member < execution.team.n_threads(); ++member) {
        workspaces.push_back(make());
    }
    const Index d = parameters.layout().layers().front().n_in;
    const Index block = workspaces.front()->block_samples();
    const Index n_blocks = (n_samples + block - 1) / block;
    const auto run_block = [&](Index b, int member) {
        execution.interrupt.poll();
        auto& workspace = *workspaces[static_cast<std::size_t>(member)];
        const Index first = b * block;
        const Index count = std::min(block, n_samples - first);
        workspace.begin(count);
        for (Index i = 0; i < count; ++i) {
            std::copy_n(inputs + (first + i) * d, d, workspace.input(i));
            prepare(workspace, i, first + i);
        }
        workspace.forward(parameters);
        for (Index i = 0; i < count; ++i) {
            write(workspace, i, first + i);
        }
    };
    // Threads take as long to start as these few blocks to compute.
    constexpr Index few_blocks = 16;
    execution.team.run(n_blocks, run_block, n_blocks <= few_blocks);
}

inline constexpr auto nothing = [](const auto& /*workspace*/, Index /*row*/, Index /*sample*/) {};

}  // namespace jetmlp
