// Models from their files: what Python's `load` takes is taken, by the same rules.
#include "files/container.hpp"
#include "files/refusal.hpp"
#include "models/fields.hpp"
#include "models/parts.hpp"

#include <jetmlp/models/model.hpp>
#include <jetmlp/network/activation.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace jetmlp {

namespace {

using files::Container;
using files::Field;
using files::refuse;
using files::Tensors;

constexpr std::size_t most_stages = 64;
constexpr std::size_t most_members = 64;

struct Units {
    std::vector<double> x_mean, x_scale, y_mean, y_scale;
};

Units identity(Index d, Index m) {
    return {std::vector<double>(d, 0.0), std::vector<double>(d, 1.0), std::vector<double>(m, 0.0),
            std::vector<double>(m, 1.0)};
}

Units take_units(Tensors& tensors, Index d, Index m) {
    const auto scale = [&](const std::string& name, Index size) {
        std::vector<double> numbers = tensors.take<double>(name, {size});
        if (std::ranges::find(numbers, 0.0) != numbers.end()) {
            refuse(name, "numbers other than 0", "0");
        }
        return numbers;
    };
    return {tensors.take<double>("normalization.x_mean", {d}), scale("normalization.x_scale", d),
            tensors.take<double>("normalization.y_mean", {m}), scale("normalization.y_scale", m)};
}

Units units_of(Tensors& tensors, bool normalize, Index d, Index m) {
    return normalize && tensors.any("normalization.") ? take_units(tensors, d, m) : identity(d, m);
}

struct Description {
    std::vector<Index> sizes;
    std::string activation, output_activation, dtype;
    bool normalize = false;
};

// Of the activations the list has the names, so that none is known here.
std::string activation_of(const Field& field) {
    std::string name = field.text();
    const auto names = activation_names();
    if (std::ranges::find(names, name) == names.end()) {
        field.refuse_for("the name of an activation");
    }
    return name;
}

Description described(const Field& field) {
    const std::vector<Field> fields =
        field.object({"layer_sizes", "activation", "output_activation", "dtype", "normalize"});
    Description description;
    for (const Field& size : fields[0].list(files::most_layers + 1)) {
        description.sizes.push_back(static_cast<Index>(size.integer(1, files::most_units)));
    }
    if (description.sizes.size() < 2) {
        fields[0].refuse_for("at least two sizes, inputs and outputs");
    }
    description.activation = activation_of(fields[1]);
    description.output_activation = activation_of(fields[2]);
    description.dtype = fields[3].choice({"float32", "float64"});
    description.normalize = fields[4].boolean();
    return description;
}

// Weights and biases as one vector. What there is, before anything of the sizes that are said.
template <class T>
std::vector<T> parameters_of(Tensors& tensors, const std::string& prefix,
                             const std::vector<Index>& sizes) {
    std::vector<T> parameters;
    for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
        const std::string number = std::to_string(l);
        const auto append = [&](std::string_view kind, const std::vector<Index>& shape) {
            std::string name = prefix;
            name.append(kind).append(number);
            const std::vector<T> numbers = tensors.take<T>(name, shape);
            parameters.insert(parameters.end(), numbers.begin(), numbers.end());
        };
        append("weights.", {sizes[l + 1], sizes[l]});
        append("bias.", {sizes[l + 1]});
    }
    return parameters;
}

Term term_of(Tensors& tensors, const std::string& prefix, const Description& said,
             const Units& units, std::vector<double> factor) {
    decltype(Term::parameters) parameters;
    if (said.dtype == "float32") {
        parameters = parameters_of<float>(tensors, prefix, said.sizes);
    } else {
        parameters = parameters_of<double>(tensors, prefix, said.sizes);
    }
    return {Architecture(said.sizes, activation_from_name(said.activation),
                         activation_from_name(said.output_activation)),
            std::move(parameters), units.x_mean, units.x_scale, std::move(factor)};
}

Model::Parts mlp(const Field& description, Tensors& tensors) {
    const Description said = described(description.object({"architecture"})[0]);
    const Units units = units_of(tensors, said.normalize, said.sizes.front(), said.sizes.back());
    Model::Parts parts{units.y_mean, {}};
    parts.terms.push_back(term_of(tensors, "", said, units, units.y_scale));
    tensors.expect_all_taken();
    return parts;
}

// All stages have float64, no units of their own, and of each other inputs, outputs and activation.
std::vector<Description> stages_of(const Field& architectures) {
    std::vector<Description> stages;
    std::size_t n_layers = 0;
    for (const Field& field : architectures.list(most_stages)) {
        const Description stage = described(field);
        const Description& first = stages.empty() ? stage : stages.front();
        if (stage.sizes.front() != first.sizes.front() ||
            stage.sizes.back() != first.sizes.back()) {
            field.refuse_for("the inputs and outputs of every stage");
        }
        if (stage.activation != first.activation || stage.output_activation != "identity" ||
            stage.dtype != "float64" || stage.normalize) {
            field.refuse_for("the activation of every stage, identity, float64 and false");
        }
        n_layers += stage.sizes.size() - 1;
        stages.push_back(stage);
    }
    if (n_layers > files::most_layers) {
        architectures.refuse_for("at most 1000 layers in all");
    }
    return stages;
}

Model::Parts staged(const Field& description, Tensors& tensors) {
    const std::vector<Field> fields = description.object({"architectures", "seed"});
    const std::vector<Description> stages = stages_of(fields[0]);
    const auto n_stages = static_cast<Index>(stages.size());
    static_cast<void>(fields[1].integer(
        0, std::numeric_limits<std::uint64_t>::max() - static_cast<std::uint64_t>(n_stages)));
    const Index m = stages.front().sizes.back();
    const std::vector<double> scales = tensors.take<double>("scales", {n_stages, m});
    const Units units = units_of(tensors, true, stages.front().sizes.front(), m);
    Model::Parts parts{units.y_mean, {}};
    for (Index k = 0; k < n_stages; ++k) {
        std::vector<double> factor = units.y_scale;
        for (Index o = 0; o < m; ++o) {
            factor[o] *= scales[k * m + o];
        }
        parts.terms.push_back(term_of(tensors, "stage." + std::to_string(k) + ".", stages[k], units,
                                      std::move(factor)));
    }
    tensors.expect_all_taken();
    return parts;
}

std::vector<double> weights_of(Tensors& tensors, Index n_members) {
    std::vector<double> weights = tensors.take<double>("weights", {n_members});
    double sum = 0.0;
    bool within = true;
    for (const double weight : weights) {
        sum += weight;
        within = within && weight > 0.0 && weight <= 1.0;
    }
    if (!within || !(std::abs(sum - 1.0) < 1e-9)) {
        refuse("weights", "numbers above 0 that sum to 1", "others");
    }
    return weights;
}

// The mean: Σ w (ȳ + s_y N). What error bars and further fits need is left alone.
Model::Parts surrogate(const Field& description, Tensors& tensors) {
    const std::vector<Field> fields =
        description.object({"settings", "candidates", "rows", "seconds_taken"}, {"names"});
    const std::vector<Field> candidates = fields[1].list(most_members);
    const Index d = tensors.length("normalization.x_mean");
    const Index m = tensors.length("normalization.y_mean");
    const Units units = take_units(tensors, d, m);
    const std::vector<double> weights = weights_of(tensors, static_cast<Index>(candidates.size()));
    Model::Parts parts{std::vector<double>(m, 0.0), {}};
    for (std::size_t k = 0; k < candidates.size(); ++k) {
        const std::vector<Field> said =
            candidates[k].object({"hidden", "activation", "start", "seed"});
        Description network{{d}, activation_of(said[1]), "identity", "float64", true};
        for (const Field& size : said[0].list(files::most_layers - 1)) {
            network.sizes.push_back(static_cast<Index>(size.integer(1, files::most_units)));
        }
        network.sizes.push_back(m);
        std::vector<double> factor = units.y_scale;
        for (Index o = 0; o < m; ++o) {
            factor[o] *= weights[k];
            parts.offset[o] += weights[k] * units.y_mean[o];
        }
        parts.terms.push_back(term_of(tensors, "member." + std::to_string(k) + ".", network, units,
                                      std::move(factor)));
    }
    return parts;
}

Model::Parts parts_of(const Container& container) {
    const files::Json json = files::parse_json(container.description, "description");
    const Field description{json, "description"};
    Tensors tensors(container);
    if (container.kind == "jetmlp.MLP") {
        return mlp(description, tensors);
    }
    if (container.kind == "jetmlp.StagedMLP") {
        return staged(description, tensors);
    }
    if (container.kind == "jetmlp.Surrogate") {
        return surrogate(description, tensors);
    }
    refuse("kind", "jetmlp.MLP or jetmlp.StagedMLP or jetmlp.Surrogate", container.kind);
}

}  // namespace

Model load_model(const std::filesystem::path& path) {
    try {
        return Model(parts_of(files::read_container(path)));
    } catch (const ModelFileError& error) {
        // The name of the file, then what is wrong with it.
        throw ModelFileError("path: " + path.string() + ": " + error.what());
    }
}

}  // namespace jetmlp
