using System.Runtime.CompilerServices;
using System.Text;

namespace Ledger.Simulation;

/// <summary>
/// The words for a broken claim: put together only when it is broken, for claims are checked at every step.
/// </summary>
[InterpolatedStringHandler]
internal readonly ref struct Claim
{
    private readonly StringBuilder? _text;

    public Claim(int literalLength, int formattedCount, bool holds, out bool isWanted)
    {
        isWanted = !holds;
        _text = holds ? null : new(literalLength + (16 * formattedCount));
    }

    public void AppendLiteral(string text) => _text!.Append(text);

    public void AppendFormatted<T>(T value) => _text!.Append(value);

    public override string ToString() => _text?.ToString() ?? "";
}
