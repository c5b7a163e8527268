#include "machine/file_calls.hpp"

#include <jetmlp/machine/replace_file.hpp>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace jetmlp {

namespace {

// What is written at a time. Each part goes to the disk before the next one, so that Ctrl-C waits
// for one part and not for all: some 30 ms on a disk that takes 250 MB a second.
constexpr std::size_t part_size = std::size_t{8} << 20;

// A call that signals keep breaking off would be repeated for ever.
constexpr int most_attempts = 10'000;

[[noreturn]] void fail(int error) { throw std::system_error(error, std::generic_category()); }

// Calls a function of the system until no signal breaks it off, and returns what is not negative.
template <class Call>
auto expect(Interrupt& interrupt, const Call& call) {
    for (int attempt = 1;; ++attempt) {
        const auto result = call();
        if (result >= 0) {
            return result;
        }
        if (errno != EINTR || attempt == most_attempts) {
            fail(errno);
        }
        interrupt.poll();
    }
}

// The same for what not every file system can: there is nothing to do about it then.
template <class Call>
void expect_if_possible(Interrupt& interrupt, const Call& call) {
    try {
        expect(interrupt, call);
    } catch (const std::system_error& error) {
        if (!calls::is_not_supported(error.code().value())) {
            throw;
        }
    }
}

class Folder {
  public:
    Folder(const std::filesystem::path& path, Interrupt& interrupt)
        : folder_{path, expect(interrupt, [&] { return calls::open_folder(path); })} {}
    ~Folder() { calls::close_folder(folder_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] const calls::Folder& opened() const { return folder_; }

    // What was moved here is then here after a failure of the power, too.
    void sync(Interrupt& interrupt) const {
        expect_if_possible(interrupt, [&] { return calls::sync_folder(folder_); });
    }

  private:
    calls::Folder folder_;
};

// A file that is removed again unless it was moved to its place.
class NewFile {
  public:
    // `open_to_all`: to all whom the umask allows, otherwise to the owner alone.
    NewFile(const Folder& folder, const std::filesystem::path& name, bool open_to_all,
            Interrupt& interrupt)
        : folder_(folder), name_(name), handle_(expect(interrupt, [&] {
              return calls::create(folder.opened(), name, open_to_all);
          })) {}
    ~NewFile() {
        if (handle_ >= 0) {
            calls::close(handle_);
        }
        if (!moved_) {
            calls::remove(folder_.opened(), name_);
        }
    }
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    void take_over(const FilePermissions& kept, Interrupt& interrupt) const {
        expect(interrupt, [&] { return calls::set_permissions(handle_, kept); });
    }

    void write(std::span<const std::byte> content, Interrupt& interrupt) const {
        std::size_t unsynced = 0;
        while (!content.empty()) {
            const auto part = content.first(std::min(content.size(), part_size - unsynced));
            const auto n_written = static_cast<std::size_t>(
                expect(interrupt, [&] { return calls::write(handle_, part); }));
            if (n_written == 0) {
                fail(EIO);
            }
            content = content.subspan(n_written);
            unsynced += n_written;
            if (unsynced == part_size && !content.empty()) {
                sync(interrupt);
                unsynced = 0;
            }
        }
        sync(interrupt);
    }

    // On some network file systems only this says that the disk is full.
    void close() {
        // Closed it is in any case, also if a signal broke that off.
        if (calls::close(std::exchange(handle_, -1)) < 0 && errno != EINTR) {
            fail(errno);
        }
    }

    void move_to(const std::filesystem::path& name) {
        // Broken off by a signal it may have been done, and then not again.
        if (calls::move(folder_.opened(), name_, name) < 0) {
            fail(errno);
        }
        moved_ = true;
    }

  private:
    void sync(Interrupt& interrupt) const {
        expect_if_possible(interrupt, [&] { return calls::sync(handle_); });
        interrupt.poll();
    }

    const Folder& folder_;
    const std::filesystem::path& name_;
    int handle_;
    bool moved_ = false;
};

}  // namespace

void replace_file(const FilePlace& place, std::span<const std::byte> content,
                  const std::optional<FilePermissions>& kept, Interrupt& interrupt) {
    const Folder folder(place.folder, interrupt);
    NewFile file(folder, place.temporary_name, !kept, interrupt);
    if (kept) {
        file.take_over(*kept, interrupt);
    }
    file.write(content, interrupt);
    file.close();
    file.move_to(place.name);
    folder.sync(interrupt);
}

void try_folder(const std::filesystem::path& folder, const std::filesystem::path& temporary_name,
                Interrupt& interrupt) {
    const Folder opened(folder, interrupt);
    const NewFile file(opened, temporary_name, true, interrupt);
}

}  // namespace jetmlp
