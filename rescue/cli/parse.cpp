// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/parse.hpp"

#include "base/text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

namespace lifeboat::cli {

namespace {

constexpr std::string_view kAbout =
    "Finds out why a guest that came from Xen does not boot on KVM, and repairs it.\n"
    "Works on images and block devices, without mounting them.";

constexpr std::string_view kFooter =
    "Examples:\n"
    "  lifeboat diagnose guest.img            what is wrong, and what would cure it\n"
    "  lifeboat repair guest.img --dry-run    every change that a repair would make\n"
    "  lifeboat repair guest.img --all        repair; an undo file is written first\n"
    "  lifeboat undo guest.img.lifeboat-undo-20261120T110756Z guest.img\n"
    "  lifeboat cat guest.img:1:/etc/fstab    a file of the guest\n"
    "\n"
    "Exit codes: 0 healthy or done, 1 findings remain, 2 usage, 3 refused (with the\n"
    "reason), 4 input/output or internal error. Nothing is written unless the code\n"
    "is 0 or 1. lifeboat COMMAND --help tells more about one command.";

struct Builder {
    CLI::App app{std::string(kAbout), "lifeboat"};
    Request request;
    std::string only;
    std::vector<std::pair<CLI::App*, Command>> commands;

    CLI::App* command(CLI::App& parent, const std::string& name, Command command,
                      const std::string& help) {
        auto* sub = parent.add_subcommand(name, help);
        commands.emplace_back(sub, command);
        return sub;
    }

    void disks(CLI::App* sub) {
        sub->add_option("DISK", request.disks, "images or block devices of one guest")
            ->required()
            ->type_name("");
        sector_size(sub);
    }
    void sector_size(CLI::App* sub) {
        sub->add_option("--sector-size", request.sector_size,
                        "logical sector size of the disk, when an image came from a 4K disk")
            ->type_name("BYTES")
            ->check(CLI::IsMember({512, 4096}));
    }
    void json(CLI::App* sub) {
        sub->add_flag("--json", request.json, "machine-readable output (docs/json.md)");
    }
    void guest(CLI::App* sub, const std::string& help) {
        sub->add_option("--guest", request.guest, help)->type_name("GUEST");
    }
    // What every command has that writes to a disk.
    void writes(CLI::App* sub) {
        sub->add_flag("--dry-run", request.dry_run, "show what would change, write nothing");
        sub->add_option("--undo", request.undo_file,
                        "name of the undo file; it must not exist yet (default: "
                        "NAME.lifeboat-undo-TIME in the current directory)")
            ->type_name("FILE");
        sub->add_flag("--discard-hibernation", request.discard_hibernation,
                      "write to a hibernated Windows; what it had in memory is lost");
        sub->add_flag("--replay-journal", request.replay_journal,
                      "apply the journal of ext3 and ext4 first, as the guest's next start would");
        json(sub);
    }
    void more_disks(CLI::App* sub) {
        sub->add_option("--disk", request.disks, "a further disk of the same guest")
            ->type_name("DISK")
            ->allow_extra_args(false);
        sector_size(sub);
    }
    void target(CLI::App* sub, const std::string& help) {
        // CLI11 2.4 takes no colon in a name.
        sub->add_option("GUEST-FILE", request.target, "DISK:VOLUME:PATH, " + help)
            ->required()
            ->type_name("");
        more_disks(sub);
    }

    void look_commands() {
        auto* layout = command(app, "layout", Command::layout,
                               "disks, partitions, file systems, operating systems found");
        disks(layout);
        json(layout);
        auto* diagnose = command(app, "diagnose", Command::diagnose,
                                 "what is wrong, with evidence; changes nothing");
        disks(diagnose);
        json(diagnose);
        diagnose->footer("Exit code 0: healthy, 1: findings, 3: nothing could be told, and why.");
        auto* explain = command(app, "explain", Command::explain,
                                "the support engineer's page for a finding; all ids without one");
        explain->add_option("ID", request.id, "id of a finding, as diagnose shows it")
            ->type_name("");
    }

    void firmware(CLI::App* sub) {
        sub->add_option("--firmware", request.firmware,
                        "bios (default), uefi, or secureboot (UEFI with Secure Boot on)")
            ->type_name("FIRMWARE")
            ->check(CLI::IsMember({"bios", "uefi", "secureboot"}));
        sub->add_option("--set", request.parameters,
                        "a parameter of the medium (docs/external-bootloader.md)")
            ->type_name("KEY=VALUE")
            ->allow_extra_args(false);
    }

    void medium_commands() {
        auto* predict = command(app, "predict", Command::predict,
                                "what a chainload medium would boot, without booting");
        disks(predict);
        predict->add_option("--medium", request.medium, "grub2 (default), grub-legacy or rescue")
            ->type_name("MEDIUM")
            ->check(CLI::IsMember({"grub2", "grub-legacy", "rescue"}));
        predict->add_option("--on", request.host, "kvm (default), or xen for a Xen HVM guest")
            ->type_name("HOST")
            ->check(CLI::IsMember({"kvm", "xen"}));
        firmware(predict);
        json(predict);
        predict->footer("The disks are those of the machine, in its boot order.\n"
                        "Exit code 0: it boots, 1: it does not, or waits, 3: nothing certain can "
                        "be told.");
        auto* attach = command(app, "attach", Command::attach,
                               "print what attaches a chainload medium to a guest");
        attach->add_option("--for", request.platform, "libvirt, xl, qemu, proxmox or openstack")
            ->required()
            ->type_name("PLATFORM")
            ->check(CLI::IsMember({"libvirt", "xl", "qemu", "proxmox", "openstack"}));
        attach->add_option("--medium", request.medium, "the ISO, as the host knows it")
            ->required()
            ->type_name("FILE");
        guest(attach, "the guest's name or number (proxmox, openstack)");
        attach->add_option("--disk", request.disks, "a disk of the guest, in order; repeatable")
            ->type_name("DISK")
            ->allow_extra_args(false);
        firmware(attach);
    }

    void repair_commands() {
        auto* repair = command(app, "repair", Command::repair, "cure what diagnose finds");
        disks(repair);
        auto* all = repair->add_flag("--all", request.all, "every repair that is needed");
        auto* some = repair->add_option("--only", only, "only these repairs");
        some->type_name("ID,..")->excludes(all);
        repair
            ->add_flag("--gpt-backup", request.gpt_backup,
                       "nothing but this: both copies of the GPT good, the second at the end")
            ->excludes(all)
            ->excludes(some);
        guest(repair, "only this guest (windows1, linux1, ...)");
        repair->add_flag("--no-keep", request.no_keep,
                         "keep no originals in the guest (docs/originals.md)");
        writes(repair);
        repair->footer("Without --all and --only the plan is shown and, on a terminal, confirmed.\n"
                       "\nExamples:\n"
                       "  lifeboat repair guest.img --dry-run\n"
                       "  lifeboat repair guest.img --only win.xen-class-filter\n"
                       "  lifeboat repair /dev/vg0/guest --all --undo /root/guest.undo");
        auto* undo = command(app, "undo", Command::undo,
                             "put back what an undo file kept, while the guest has not run since");
        undo->add_option("FILE", request.file, "the undo file")->required()->type_name("");
        undo->add_option("DISK", request.disks, "the disks, in the order of the repair")
            ->required()
            ->type_name("");
        json(undo);
        kept_commands();
    }

    void kept_commands() {
        auto* kept =
            command(app, "kept", Command::kept,
                    "originals that repairs kept in the guest, and what became of the files");
        disks(kept);
        json(kept);
        auto* restore = command(app, "restore", Command::restore,
                                "put back originals kept in the guest, also after it has run");
        restore->add_option("TIME", request.time, "of the repair, as kept shows it, or latest")
            ->required()
            ->type_name("");
        disks(restore);
        restore->add_option("--only", request.paths, "only this file of the guest; repeatable")
            ->type_name("PATH")
            ->allow_extra_args(false);
        restore->add_flag("--force", request.force, "also files that changed since the repair");
        guest(restore, "which guest, when there are several");
        writes(restore);
        restore->footer("Exit code 1: some files were left alone, because they changed since.\n"
                        "\nExample:\n"
                        "  lifeboat restore latest guest.img --only /boot/grub/grub.cfg --dry-run");
    }

    void file_commands() {
        const std::string example = "as in guest.img:2:/etc/fstab; VOLUME is the number of a "
                                    "partition, 0 for a disk without a table, or vg/lv";
        auto* ls = command(app, "ls", Command::ls, "list a directory of the guest");
        target(ls, example);
        json(ls);
        auto* cat = command(app, "cat", Command::cat, "print a file of the guest");
        target(cat, example);
        cat->add_flag("--raw", request.raw, "do not replace control characters on a terminal");
        auto* put = command(app, "put", Command::put, "replace or create a file of the guest");
        target(put, example);
        put->add_option("FILE", request.file, "the new content (default: standard input)")
            ->type_name("");
        writes(put);
        auto* rm = command(app, "rm", Command::rm, "remove a file or an empty directory");
        target(rm, example);
        writes(rm);
    }

    CLI::App* registry_command(CLI::App& parent, const std::string& name, Command which,
                               const std::string& help) {
        auto* sub = command(parent, name, which, help);
        sub->add_option("DISK", request.target, "the guest's disk")->required()->type_name("");
        sub->add_option("HIVE", request.hive,
                        "SYSTEM, SOFTWARE, DRIVERS, BCD, ... or a path: /Boot/BCD, 2:/Boot/BCD")
            ->required()
            ->type_name("");
        guest(sub, "which Windows, when there are several");
        more_disks(sub);
        return sub;
    }
    void key(CLI::App* sub, bool required) {
        auto* option = sub->add_option("KEY", request.key,
                                       "path from the hive's root; CurrentControlSet is known");
        option->required(required)->type_name("");
    }
    void value(CLI::App* sub, bool required) {
        sub->add_option("VALUE", request.value, "name of a value; @ is the default value")
            ->required(required)
            ->type_name("");
    }

    void registry_commands() {
        auto* registry = app.add_subcommand("registry", "look at and edit the guest's registry");
        registry->require_subcommand(1);
        auto* list = registry_command(*registry, "list", Command::registry_list,
                                      "sub-keys and values of a key");
        key(list, false);
        json(list);
        auto* get = registry_command(*registry, "get", Command::registry_get,
                                     "the values of a key, or one of them");
        key(get, true);
        value(get, false);
        json(get);
        auto* set = registry_command(*registry, "set", Command::registry_set,
                                     "set a value; missing keys are made");
        key(set, true);
        value(set, true);
        set->add_option("DATA", request.data,
                        "text, a number (3 or 0x3), pairs of hex digits; multi_sz takes several")
            ->type_name("");
        set->add_option("--type", request.type,
                        "sz, expand_sz, multi_sz, dword, qword or binary (default: as it is now)")
            ->type_name("TYPE");
        writes(set);
        set->footer("Example:\n  lifeboat registry set guest.img SYSTEM "
                    "'CurrentControlSet\\Services\\xenvbd' Start 4 --type dword");
        auto* remove = registry_command(*registry, "delete", Command::registry_delete,
                                        "delete a value, or a key and all below it");
        key(remove, true);
        value(remove, false);
        writes(remove);
        auto* save = registry_command(*registry, "export", Command::registry_export,
                                      "a key and all below it as .reg text");
        key(save, false);
        save->add_flag("--utf16", request.utf16, "UTF-16 with a byte order mark, as regedit wants");
        auto* load = registry_command(*registry, "import", Command::registry_import,
                                      "apply .reg text: all of it, or nothing");
        load->add_option("FILE", request.file, "the .reg text (default: standard input)")
            ->type_name("");
        writes(load);
    }

    void other_commands() {
        auto* menu = command(app, "menu", Command::menu, "the same as questions and answers");
        menu->add_option("DISK", request.disks, "images or block devices (default: all disks)")
            ->type_name("");
        auto* completion = command(app, "completion", Command::completion,
                                   "print the completion script for a shell");
        completion->add_option("SHELL", request.shell, "bash, zsh or fish")
            ->required()
            ->type_name("")
            ->check(CLI::IsMember({"bash", "zsh", "fish"}));
        command(app, "version", Command::version, "print the version");
    }

    Builder() {
        app.footer(std::string(kFooter));
        app.require_subcommand(1);
        app.set_help_flag("-h,--help", "print this help");
        look_commands();
        medium_commands();
        repair_commands();
        file_commands();
        registry_commands();
        other_commands();
    }
};

// The default value is "@" on the command line, as in .reg text; regedit shows "(Default)".
std::string value_name(const std::string& given) {
    return given == "@" || iequals(given, "(default)") ? std::string() : given;
}

Request finished(Builder& builder) {
    auto& request = builder.request;
    for (const auto& [sub, command] : builder.commands) {
        if (!sub->parsed())
            continue;
        request.command = command;
        const auto* value = sub->get_option_no_throw("VALUE");
        request.has_value = value != nullptr && value->count() != 0;
    }
    request.value = value_name(request.value);
    for (const auto id : split_nonempty(builder.only, ','))
        request.only.emplace_back(trim(id));
    return request;
}

OptionInfo describe(const CLI::Option& option) {
    OptionInfo out;
    out.positional = option.get_positional();
    out.help = option.get_description();
    out.takes_value = option.get_items_expected_max() != 0;
    out.repeats = option.get_items_expected_max() > 1;
    if (out.positional)
        out.names.push_back(option.get_name(true));
    for (const auto& name : option.get_lnames())
        out.names.push_back("--" + name);
    for (const auto& name : option.get_snames())
        out.names.push_back("-" + name);
    return out;
}

void describe(const CLI::App& app, const std::string& prefix, std::vector<CommandInfo>& out) {
    for (const auto* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
        CommandInfo info{prefix + sub->get_name(), sub->get_description(), {}};
        for (const auto* option : sub->get_options())
            info.options.push_back(describe(*option));
        out.push_back(std::move(info));
        describe(*sub, prefix + sub->get_name() + " ", out);
    }
}

} // namespace

Result<Parsed> parse(const std::vector<std::string>& arguments) {
    if (arguments.size() == 1 && arguments.front() == "--version")
        return Parsed{Request{}, {}};
    const auto builder = std::make_unique<Builder>();
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    try {
        builder->app.parse(reversed);
    } catch (const CLI::CallForHelp&) {
        return Parsed{std::nullopt, builder->app.help()};
    } catch (const CLI::ParseError& error) {
        std::string what = error.what();
        std::replace(what.begin(), what.end(), '\n', ' ');
        return fail(ErrorKind::usage, "", std::string(trim(what)), "see lifeboat --help");
    }
    return Parsed{finished(*builder), {}};
}

std::vector<CommandInfo> command_table() {
    const auto builder = std::make_unique<Builder>();
    std::vector<CommandInfo> out;
    describe(builder->app, "", out);
    return out;
}

} // namespace lifeboat::cli
