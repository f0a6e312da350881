namespace Ledger.Cli.Doctor;

/// <summary>How bad it is; the doctor's verdict is the worst of its findings.</summary>
internal enum Severity
{
    /// <summary>Worth knowing; nobody need act.</summary>
    Note,

    /// <summary>The network advances, with less margin or more slowly than it should.</summary>
    Degraded,

    /// <summary>The network does not advance.</summary>
    Halted,
}

/// <summary>One thing that the doctor found, in words for whoever was woken by it.</summary>
/// <param name="Code">A fixed word, for programs.</param>
/// <param name="Severity">How bad.</param>
/// <param name="Who">The validators it is about.</param>
/// <param name="What">What is so.</param>
/// <param name="Next">What to do about it.</param>
internal sealed record Finding(
    string Code, Severity Severity, IReadOnlyList<string> Who, string What, string Next);

/// <summary>One thing to look for: facts in, findings out, and nothing else.</summary>
internal interface IRule
{
    IEnumerable<Finding> Judge(Facts facts);
}
