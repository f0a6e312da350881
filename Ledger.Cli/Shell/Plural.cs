namespace Ledger.Cli.Shell;

/// <summary>The noun that goes with a count: "1 peer", "3 peers".</summary>
internal static class Plural
{
    public static string Of(long count, string noun) => count == 1 ? noun : noun + "s";
}
