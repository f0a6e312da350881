using Ledger.Core;

namespace Ledger.Consensus;

/// <summary>
/// Why an engine does not do what it was asked, for people. An engine knows seats and people know names, so
/// the validator it is about stands apart from the words about it.
/// </summary>
/// <param name="Words">The sentence; what follows the name, where there is one.</param>
/// <param name="About">The validator that the sentence begins with, if it is about one.</param>
public sealed record Refusal(string Words, ValidatorIndex? About = null)
{
    public static implicit operator Refusal(string words) => new(words);

    /// <summary>The whole sentence.</summary>
    /// <param name="nameOf">What people call a validator.</param>
    public string Say(Func<ValidatorIndex, string> nameOf)
        => About is { } validator ? $"{nameOf(validator)} {Words}" : Words;

    public override string ToString() => Say(validator => $"validator {validator}");
}
