using Ledger.Node.Api;

namespace Ledger.Cli.Doctor;

/// <summary>Whom one node takes for the members, and the status that shows how new that is.</summary>
internal sealed record MembersHeard(StatusReply From, IReadOnlyList<ValidatorReply> Validators)
{
    /// <summary>
    /// The newest word of all: who was removed does not always hear the end of it, and names itself still.
    /// </summary>
    public static IReadOnlyList<ValidatorReply>? Newest(IEnumerable<MembersHeard> heard) => heard
        .OrderByDescending(one => one.From.Height)
        .ThenBy(one => one.Validators.Count(IsChanging))
        .ThenByDescending(one => one.From.View)
        .FirstOrDefault()?.Validators;

    /// <summary>At one height the change is over for those who heard its end, and under way for the rest.
    /// </summary>
    private static bool IsChanging(ValidatorReply validator)
        => validator.Phase is not (ValidatorReply.Settled or ValidatorReply.Learning);
}
