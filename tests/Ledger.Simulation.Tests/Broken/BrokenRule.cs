namespace Ledger.Simulation.Tests.Broken;

/// <summary>One piece of the engine's source and what stands there instead.</summary>
internal sealed record Edit(string File, string Text, string Instead);

/// <summary>An engine with just one rule broken, in as many places as keep it.</summary>
/// <param name="Name">The rule, as a reproach.</param>
/// <param name="Seeds">How many seeds may pass before the simulator must have found it.</param>
/// <param name="Edits">What is changed. The text must occur once.</param>
internal sealed record BrokenRule(string Name, int Seeds, params Edit[] Edits)
{
    /// <summary>Which engine keeps it.</summary>
    public string Engine => Edits.Any(edit => edit.File.StartsWith("Raft/", StringComparison.Ordinal)) ? "raft" : "pbft";

    public override string ToString() => Name;
}
