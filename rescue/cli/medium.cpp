// SPDX-License-Identifier: GPL-2.0-or-later
// The commands about the chainload media.
#include "cli/commands.hpp"
#include "session/predict.hpp"

namespace lifeboat::cli {

namespace {

Result<std::vector<session::BootParameter>> parameters_of(const Request& request) {
    std::vector<session::BootParameter> out;
    for (const auto& text : request.parameters) {
        LIFEBOAT_TRY(auto parameter, session::boot_parameter(text));
        out.push_back(std::move(parameter));
    }
    return out;
}

} // namespace

Outcome predict(Context& context) {
    const auto& request = context.request;
    session::PredictionRequest what;
    if (!request.medium.empty()) {
        LIFEBOAT_TRY(what.medium, session::boot_medium_named(request.medium));
    }
    what.secure_boot = request.firmware == "secureboot";
    what.uefi = what.secure_boot || request.firmware == "uefi";
    what.xen = request.host == "xen";
    LIFEBOAT_TRY(what.parameters, parameters_of(request));
    LIFEBOAT_TRY(auto session, open_session(context, request.disks));
    LIFEBOAT_TRY(const auto prediction, session.predict(what, context.progress));
    context.progress.clear();
    context.console.print(request.json ? session::to_json(what, prediction)
                                       : session::prediction_text(what, prediction));
    if (!prediction.certain)
        return ExitCode::refused;
    return session::boots(prediction) ? ExitCode::done : ExitCode::findings;
}

Outcome attach(Context& context) {
    const auto& request = context.request;
    session::Attachment what;
    LIFEBOAT_TRY(what.platform, session::platform_named(request.platform));
    what.medium = request.medium;
    what.guest = request.guest;
    what.disks = request.disks;
    what.secure_boot = request.firmware == "secureboot";
    what.uefi = what.secure_boot || request.firmware == "uefi";
    LIFEBOAT_TRY(what.parameters, parameters_of(request));
    LIFEBOAT_TRY(const auto text, session::attach_text(what));
    context.console.print(text);
    return ExitCode::done;
}

} // namespace lifeboat::cli
