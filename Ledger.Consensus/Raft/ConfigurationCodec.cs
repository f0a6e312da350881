using Ledger.Core;
using MessagePack;

namespace Ledger.Consensus.Raft;

/// <summary>
/// The canonical encoding of who votes, who is on the way out, who learns and who only witnesses.
/// </summary>
internal static class ConfigurationCodec
{
    public static void Write(ref MessagePackWriter writer, RaftConfiguration configuration)
    {
        writer.WriteArrayHeader(4);
        WriteValidators(ref writer, configuration.Voters);
        WriteValidators(ref writer, configuration.Outgoing);
        WriteValidators(ref writer, configuration.Learners);
        WriteValidators(ref writer, configuration.Witnesses);
    }

    public static RaftConfiguration Read(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 4, "a configuration");
        var voters = ReadValidators(ref reader);
        return voters.Length == 0
            ? throw new MalformedException("a configuration has voters")
            : new(voters, ReadValidators(ref reader), ReadValidators(ref reader), ReadValidators(ref reader));
    }

    private static void WriteValidators(
        ref MessagePackWriter writer, IReadOnlyList<ValidatorIndex> validators)
    {
        writer.WriteArrayHeader(validators.Count);
        foreach (var validator in validators)
        {
            writer.Write(validator.Value);
        }
    }

    /// <summary>In any order: that they ascend, each once, the canonical check of the whole sees.</summary>
    private static ValidatorIndex[] ReadValidators(ref MessagePackReader reader)
    {
        var validators = new ValidatorIndex[Fields.ReadCount(ref reader, Limits.Validators, "validators")];
        for (var i = 0; i < validators.Length; i++)
        {
            validators[i] = Fields.ReadValidator(ref reader);
        }

        return validators;
    }
}
