using System.Diagnostics;
using Ledger.Cli.Network;

namespace Ledger.Cli.Devnet;

/// <summary>One validator of a devnet as a process: its config, its log, its pid.</summary>
internal sealed class DevnetValidator(string folder, ValidatorPlan plan)
{
    private readonly DetachedProcess _process = new(
        Path.Combine(folder, plan.Name), "node", NetworkFolder.ConfigPath(folder, plan));

    public ValidatorPlan Plan { get; } = plan;

    public string ConfigPath { get; } = NetworkFolder.ConfigPath(folder, plan);

    public string LogPath => _process.LogPath;

    public string DataPath => Path.Combine(Path.GetDirectoryName(ConfigPath)!, "data");

    /// <param name="nodeCommand">What runs a node, up to its <c>--config</c>.</param>
    public Process Start(IReadOnlyList<string> nodeCommand)
        => _process.Start([.. nodeCommand, "--config", ConfigPath]);

    public int? RunningPid() => _process.RunningPid();

    /// <returns>Whether it ran.</returns>
    public bool Send(int signal) => _process.Send(signal);

    public string LogTail() => _process.LogTail();
}
