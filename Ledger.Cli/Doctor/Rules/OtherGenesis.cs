namespace Ledger.Cli.Doctor.Rules;

/// <summary>A node of another genesis is of another network, whatever its name.</summary>
internal sealed class OtherGenesis : IRule
{
    public IEnumerable<Finding> Judge(Facts facts) => facts.Answers
        .Where(visit => visit.Status!.GenesisHash != facts.Genesis)
        .Select(visit => new Finding(
            "wrong_genesis", Severity.Degraded, [visit.Name],
            $"{visit.Name} at {visit.Url.Authority} has another genesis: "
                + $"{Short(visit.Status!.GenesisHash)}… of chain '{visit.Status.ChainId}', where the "
                + $"others have {Short(facts.Genesis!)}…",
            "stop it, give it the network's genesis.json and an empty data folder of that chain, and start "
                + "it; it catches up by itself"));

    private static string Short(string hash) => hash[..Math.Min(8, hash.Length)];
}
