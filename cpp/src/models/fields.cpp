#include "models/fields.hpp"

#include "files/refusal.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace jetmlp::files {

namespace {

std::string text_of(const std::vector<Index>& shape) {
    std::string text = "(";
    for (const Index length : shape) {
        text += std::to_string(length) + ",";
    }
    return text + ")";
}

bool among(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, name) != names.end();
}

}  // namespace

void Field::refuse_for(std::string_view expected) const {
    refuse(name, expected, brief(json.text));
}

bool Field::boolean() const {
    const auto* const value = std::get_if<bool>(&json.value);
    if (value == nullptr) {
        refuse_for("true or false");
    }
    return *value;
}

std::string Field::text() const {
    const auto* const value = std::get_if<std::string>(&json.value);
    if (value == nullptr) {
        refuse_for("a text");
    }
    return *value;
}

std::string Field::choice(std::initializer_list<std::string_view> choices) const {
    std::string value = text();
    if (!among(value, choices)) {
        std::string expected = "one of";
        for (const std::string_view known : choices) {
            expected.append(" ").append(known);
        }
        refuse_for(expected);
    }
    return value;
}

std::uint64_t Field::integer(std::uint64_t least, std::uint64_t most) const {
    const auto* const number = std::get_if<JsonNumber>(&json.value);
    const auto value = number == nullptr ? std::nullopt : number->count();
    if (!value || *value < least || *value > most) {
        refuse_for("an integer from " + std::to_string(least) + " to " + std::to_string(most));
    }
    return *value;
}

std::vector<Field> Field::list(std::size_t most) const {
    const auto* const entries = std::get_if<JsonList>(&json.value);
    if (entries == nullptr || entries->empty() || entries->size() > most) {
        refuse_for("a list of 1 to " + std::to_string(most) + " entries");
    }
    std::vector<Field> fields;
    fields.reserve(entries->size());
    for (std::size_t i = 0; i < entries->size(); ++i) {
        fields.push_back({(*entries)[i], name + "[" + std::to_string(i) + "]"});
    }
    return fields;
}

std::vector<Field> Field::object(std::initializer_list<std::string_view> keys,
                                 std::initializer_list<std::string_view> optional) const {
    const auto* const entries = std::get_if<JsonObject>(&json.value);
    if (entries == nullptr) {
        refuse_for("an object");
    }
    for (const auto& [key, value] : *entries) {
        if (!among(key, keys) && !among(key, optional)) {
            refuse(name, "no other keys than those of its kind", brief(key));
        }
    }
    std::vector<Field> fields;
    for (const std::string_view key : keys) {
        const auto entry =
            std::ranges::find_if(*entries, [&](const auto& one) { return one.key == key; });
        if (entry == entries->end()) {
            refuse(name + "." + std::string(key), "a value", "none");
        }
        fields.push_back({entry->value, name + "." + std::string(key)});
    }
    return fields;
}

const Tensor& Tensors::found(const std::string& name) const {
    const auto tensor = container_.tensors.find(name);
    if (tensor == container_.tensors.end()) {
        refuse(name, "a tensor", "none");
    }
    return tensor->second;
}

template <class T>
std::vector<T> Tensors::take(const std::string& name, const std::vector<Index>& shape) {
    const Tensor& tensor = found(name);
    const std::string_view type = std::is_same_v<T, float> ? "F32" : "F64";
    if (tensor.type != type || tensor.shape != shape) {
        refuse(name, std::string(type) + " " + text_of(shape),
               tensor.type + " " + text_of(tensor.shape));
    }
    std::vector<T> numbers = numbers_of<T>(tensor);
    if (!std::ranges::all_of(numbers, [](T number) { return std::isfinite(number); })) {
        refuse(name, "finite numbers", "others");
    }
    taken_.insert(name);
    return numbers;
}

template std::vector<float> Tensors::take(const std::string&, const std::vector<Index>&);
template std::vector<double> Tensors::take(const std::string&, const std::vector<Index>&);

Index Tensors::length(const std::string& name) const {
    const Tensor& tensor = found(name);
    if (tensor.shape.size() != 1 || tensor.shape[0] < 1) {
        refuse(name, "one axis of at least one number", text_of(tensor.shape));
    }
    return tensor.shape[0];
}

bool Tensors::any(std::string_view prefix) const {
    return std::ranges::any_of(container_.tensors,
                               [&](const auto& entry) { return entry.first.starts_with(prefix); });
}

void Tensors::expect_all_taken() const {
    for (const auto& [name, tensor] : container_.tensors) {
        if (!taken_.contains(name)) {
            refuse(name, "no such tensor", tensor.type + " " + text_of(tensor.shape));
        }
    }
}

}  // namespace jetmlp::files
