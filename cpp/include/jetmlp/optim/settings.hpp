// The settings of an optimizer by their names: who reads them from elsewhere (the bindings) needs
// no code of its own for each optimizer.
#pragma once

#include <jetmlp/machine/types.hpp>
#include <jetmlp/optim/stopping.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace jetmlp {

using SettingValue = std::variant<bool, Index, double, std::string, std::vector<double>>;

// A setting and how to give it a value. An integer will do for a double; anything else of the wrong
// kind throws std::invalid_argument.
struct Setting {
    std::string_view name;
    std::function<void(const SettingValue&)> assign;
};

Setting setting(std::string_view name, bool& place);
Setting setting(std::string_view name, Index& place);
Setting setting(std::string_view name, double& place);
Setting setting(std::string_view name, std::vector<double>& place);
// One of several names: `choose` finds what it stands for, or throws.
Setting setting(std::string_view name, std::function<void(const std::string&)> choose);

// The four of StoppingOptions, behind others.
std::vector<Setting> with_stopping(std::vector<Setting> settings, StoppingOptions& stopping);

// Assigns every value. Throws std::invalid_argument unless there is one for every setting, and none
// besides.
void assign_all(const std::vector<Setting>& settings,
                const std::map<std::string, SettingValue>& values);

}  // namespace jetmlp
