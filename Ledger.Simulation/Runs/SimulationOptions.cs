using System.Collections.Frozen;
using Ledger.Core;

namespace Ledger.Simulation;

/// <summary>Everything that a run depends on: the same options give the same run, byte for byte.</summary>
public sealed record SimulationOptions
{
    public const int NodesMax = 31;

    public const int ClientsMax = 1000;

    public const int DefaultSteps = 4000;

    /// <summary>The engines that can be run, as users name them.</summary>
    public static IReadOnlyList<string> Engines { get; } = ["pbft", "raft"];

    public string Engine { get; init; } = Engines[0];

    public ulong Seed { get; init; } = 1;

    /// <summary>How many validators, 1 to <see cref="NodesMax"/>.</summary>
    public int Nodes { get; init; } = 4;

    /// <summary>Engine steps, over all validators, before the faults stop.</summary>
    public int Steps { get; init; } = DefaultSteps;

    public int Clients { get; init; } = 3;

    public FaultSet Faults { get; init; } = FaultSet.All;

    /// <summary>How many validators lie; null draws 0 to f from the seed. More than f, and a fork must be
    /// seen. With Raft nobody does.</summary>
    public int? Byzantine { get; init; }

    /// <summary>The one strategy of all liars; null draws one for each.</summary>
    public string? Strategy { get; init; }

    /// <summary>Numbers of injections that do not take place: how a failure is made smaller.</summary>
    public IReadOnlySet<int> LeftOut { get; init; } = FrozenSet<int>.Empty;

    /// <summary>How many of these validators may fail without harm; with PBFT, by lying too.</summary>
    public int Faulty => IsRaft ? Quorums.Crash(Nodes).Faulty : Quorums.Byzantine(Nodes).Faulty;

    /// <summary>What no run can be made of, in words; null when one can.</summary>
    public string? Fault => Nodes is < 1 or > NodesMax ? $"there are 1 to {NodesMax} nodes, not {Nodes}"
        : Steps < 1 ? "there is at least 1 step"
        : Clients is < 1 or > ClientsMax ? $"there are 1 to {ClientsMax} clients, not {Clients}"
        : Byzantine < 0 || Byzantine > Nodes ? $"of {Nodes} nodes 0 to {Nodes} lie, not {Byzantine}"
        : Byzantine > 0 && IsRaft ? "raft bears validators that fail, and none that lie"
        : Strategy is not null && !Strategies.Names.Contains(Strategy) ? $"no strategy is called '{Strategy}'"
        : null;

    internal bool IsRaft => Engine == "raft";
}
