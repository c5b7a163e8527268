#include "bindings.hpp"

#include <jetmlp/machine/replace_file.hpp>

#include <pybind11/stl/filesystem.h>

#include <cstddef>
#include <span>
#include <system_error>
#include <tuple>

namespace jetmlp::bindings {

namespace {

using Path = std::filesystem::path;
using Permissions = std::optional<std::tuple<unsigned, unsigned, unsigned>>;

// Returns the errno: the path that is to be named is the one that the user gave.
template <class Work>
int error_of(const Work& work) {
    try {
        run_interruptibly(1, [&](Execution& execution) {
            work(execution.interrupt);
            return true;
        });
        return 0;
    } catch (const std::system_error& error) {
        return error.code().value();
    }
}

}  // namespace

void bind_files(py::module_& module) {
    module.def(
        "replace_file",
        [](const Path& folder, const Path& name, const Path& temporary_name,
           const py::buffer& content, const Permissions& kept) {
            std::optional<FilePermissions> permissions;
            if (kept) {
                const auto [mode, owner, group] = *kept;
                permissions = {mode, owner, group};
            }
            const py::buffer_info whole = content.request();
            const std::span bytes(static_cast<const std::byte*>(whole.ptr),
                                  static_cast<std::size_t>(whole.size * whole.itemsize));
            return error_of([&](Interrupt& interrupt) {
                replace_file({folder, name, temporary_name}, bytes, permissions, interrupt);
            });
        },
        py::arg("folder"), py::arg("name"), py::arg("temporary_name"), py::arg("content"),
        py::arg("kept"),
        "Write a file that is whole or not there at all; returns 0 or the errno. `kept` are mode, "
        "owner and group of the file that is replaced.");
    module.def(
        "try_folder",
        [](const Path& folder, const Path& temporary_name) {
            return error_of(
                [&](Interrupt& interrupt) { try_folder(folder, temporary_name, interrupt); });
        },
        py::arg("folder"), py::arg("temporary_name"),
        "Make a file in a folder and remove it; returns 0 or the errno.");
}

}  // namespace jetmlp::bindings
