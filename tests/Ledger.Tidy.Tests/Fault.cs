namespace Ledger.Tidy.Tests;

/// <summary>A place where a rule of the house is broken.</summary>
public sealed record Fault(string Path, int Line, string What)
{
    public override string ToString() => $"{Path}:{Line}: {What}";

    /// <summary>Fails with every fault by its place, so that one run shows all there is to mend.</summary>
    public static void None(IEnumerable<Fault> faults)
    {
        string[] found = [.. faults.Select(fault => fault.ToString())];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }
}
