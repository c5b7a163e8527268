// What a model is made of.
#pragma once

#include <jetmlp/models/model.hpp>
#include <jetmlp/network/architecture.hpp>

#include <variant>
#include <vector>

namespace jetmlp {

// One network of the sum: its units, and its share f of each output.
struct Term {
    Architecture architecture;
    std::variant<std::vector<float>, std::vector<double>> parameters;
    std::vector<double> x_mean;   // (d)
    std::vector<double> x_scale;  // (d)
    std::vector<double> factor;   // (m)
};

struct Model::Parts {
    std::vector<double> offset;  // (m)
    std::vector<Term> terms;     // at least one
};

}  // namespace jetmlp
