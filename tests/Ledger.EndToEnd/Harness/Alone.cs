namespace Ledger.EndToEnd.Harness;

/// <summary>
/// Tests of figures, which another test beside them would falsify: they run one by one, after all others.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
