#include <jetmlp/optim/settings.hpp>

#include <stdexcept>
#include <utility>

namespace jetmlp {

namespace {

template <class Kind>
const Kind& expect(std::string_view name, const char* kind, const SettingValue& value) {
    const Kind* const found = std::get_if<Kind>(&value);
    if (found == nullptr) {
        throw std::invalid_argument(std::string(name) + ": expected " + kind +
                                    ", got a value of another kind");
    }
    return *found;
}

}  // namespace

Setting setting(std::string_view name, bool& place) {
    return {name, [name, &place](const SettingValue& value) {
                place = expect<bool>(name, "True or False", value);
            }};
}

Setting setting(std::string_view name, Index& place) {
    return {name, [name, &place](const SettingValue& value) {
                place = expect<Index>(name, "an integer", value);
            }};
}

Setting setting(std::string_view name, double& place) {
    return {name, [name, &place](const SettingValue& value) {
                const Index* const whole = std::get_if<Index>(&value);
                place = whole != nullptr ? static_cast<double>(*whole)
                                         : expect<double>(name, "a number", value);
            }};
}

Setting setting(std::string_view name, std::vector<double>& place) {
    return {name, [name, &place](const SettingValue& value) {
                place = expect<std::vector<double>>(name, "a sequence of numbers", value);
            }};
}

Setting setting(std::string_view name, std::function<void(const std::string&)> choose) {
    return {name, [name, choose = std::move(choose)](const SettingValue& value) {
                choose(expect<std::string>(name, "a string", value));
            }};
}

std::vector<Setting> with_stopping(std::vector<Setting> settings, StoppingOptions& stopping) {
    settings.push_back(setting("gradient_tolerance", stopping.gradient_tolerance));
    settings.push_back(setting("step_tolerance", stopping.step_tolerance));
    settings.push_back(setting("loss_tolerance", stopping.loss_tolerance));
    settings.push_back(setting("target_loss", stopping.target_loss));
    return settings;
}

void assign_all(const std::vector<Setting>& settings,
                const std::map<std::string, SettingValue>& values) {
    std::string expected;
    std::size_t n_found = 0;
    for (const Setting& each : settings) {
        expected += (expected.empty() ? "" : ", ") + std::string(each.name);
        n_found += values.count(std::string(each.name));
    }
    if (n_found != settings.size() || values.size() != settings.size()) {
        std::string got;
        for (const auto& [name, value] : values) {
            got += (got.empty() ? "" : ", ") + name;
        }
        throw std::invalid_argument("settings: expected " + expected + ", got " + got);
    }
    for (const Setting& each : settings) {
        each.assign(values.at(std::string(each.name)));
    }
}

}  // namespace jetmlp
