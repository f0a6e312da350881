using System.Diagnostics.CodeAnalysis;

namespace Ledger.Core;

/// <summary>
/// What must be true if this program is right. On in release, caught nowhere: a node that cannot trust itself
/// stops. Never used on what a peer or client sent: that would be a remote off switch.
/// </summary>
public static class Invariant
{
    public static void Holds([DoesNotReturnIf(false)] bool condition, string claim)
    {
        if (!condition)
        {
            throw new InvariantBrokenException(claim);
        }
    }
}

/// <summary>This program contradicted itself; its message is the claim that did not hold.</summary>
public sealed class InvariantBrokenException(string claim) : Exception($"Invariant broken: {claim}");
